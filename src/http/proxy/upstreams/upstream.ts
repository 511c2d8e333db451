/** One upstream: its connections, what is under way, and how it is. */
import type { Nanos } from '../../../base/clock.ts'
import type { Host } from '../../../socket/host.ts'
import type { Outgoing, Reply } from '../../client/send.ts'
import { type TransportOptions, Transports } from '../../client/transports.ts'
import type { ProxyUpstreamEvent } from '../events.ts'
import { isUpstreamsFault } from '../passing/failure.ts'
import type { Settings, Target } from './options.ts'
import { turned, type UpstreamState, type UpstreamTurn } from './state.ts'

/** What is known of an upstream, for status pages and tests. */
export interface UpstreamReport {
  /** `http://10.0.0.7:3000`. */
  readonly name: string
  readonly state: UpstreamState
  /** Requests under way. */
  readonly active: number
  /** Requests that it was asked. */
  readonly requests: number
  /** Requests that failed by its fault. */
  readonly failures: number
  /** Connections open. */
  readonly connections: number
}

/** The longest that doubling goes on: 2^20 times the first rest is past any bound. */
const DOUBLINGS = 20

export class Upstream {
  readonly target: Target
  /** `http://10.0.0.7:3000`. */
  readonly name: string
  readonly url: URL
  readonly transports: Transports
  /** Of smooth round robin: what it is owed. */
  credit = 0
  #active = 0
  #requests = 0
  #failures = 0
  #state: UpstreamState = 'up'
  /** When it came back, for the slow start. */
  #since: Nanos = Number.NEGATIVE_INFINITY
  /** When the last failures were, at most as many as eject. */
  readonly #failed: Nanos[] = []
  #ejections = 0
  #restsUntil: Nanos = 0
  /** A request that finds out is under way. */
  #trying = false
  readonly #host: Host
  readonly #settings: Settings
  /** May it be ejected, or are too many already? */
  readonly #mayEject: () => boolean

  /** @param address of the target's name; null where the target is an address itself. */
  constructor(host: Host, target: Target, address: string | null, settings: Settings, mayEject: () => boolean) {
    this.#host = host
    this.target = target
    this.#settings = settings
    this.#mayEject = mayEject
    const { origin } = target
    const shown = address === null ? origin.host : address.includes(':') ? `[${address}]` : address
    this.name = `${origin.scheme}://${shown}:${origin.port}`
    this.url = new URL(`${origin.key}/`)
    const { connectTime, bodyTime, idleTime, headTime, waiting, pool, tls } = settings
    const options: TransportOptions = {
      connectTime,
      bodyTime,
      idleTime,
      timeout: headTime,
      waiting,
      connections: Math.min(pool, target.connections),
      ...(address === null ? {} : { resolve: async () => [address] }),
      ...(tls === undefined ? {} : { tls }),
    }
    this.transports = new Transports(host, options)
  }

  get state(): UpstreamState {
    return this.#state
  }

  get active(): number {
    return this.#active
  }

  get report(): UpstreamReport {
    const { name, state } = this
    const connections = this.transports.size
    return { name, state, active: this.#active, requests: this.#requests, failures: this.#failures, connections }
  }

  /** Whether it may be asked now. */
  get available(): boolean {
    if (this.#state === 'ejected' && this.#host.clock.now() >= this.#restsUntil) this.turn('rested', 'has rested')
    return this.#state === 'up' || (this.#state === 'trial' && !this.#trying)
  }

  /** Whether it could take one more at once. */
  get hasRoom(): boolean {
    return this.#active < this.target.connections
  }

  /** The weight that counts now: less while it has only just come back. */
  get weight(): number {
    const { weight } = this.target
    const { slowStart } = this.#settings
    const up = this.#host.clock.now() - this.#since
    return up >= slowStart ? weight : weight * Math.max(0.05, up / slowStart)
  }

  /** Asks. What comes of it counts for the upstream or against it. */
  async send(request: Outgoing): Promise<Reply> {
    this.#active++
    this.#requests++
    const trial = this.#state === 'trial'
    if (trial) this.#trying = true
    try {
      const reply = await this.transports.send({ ...request, url: this.url, origin: this.target.origin })
      if (this.#settings.ejection.status.includes(reply.status)) this.#fail(`answered ${reply.status}`)
      else this.#succeed()
      return reply
    } catch (error) {
      if (isUpstreamsFault(error)) this.#fail(error instanceof Error ? error.message : String(error))
      this.#active--
      throw error
    } finally {
      if (trial) this.#trying = false
    }
  }

  /** The reply to a request is through, or cut off. */
  over(): void {
    this.#active--
    if (this.#state === 'leaving' && this.#active === 0) this.transports.close()
  }

  /** The reply broke off within its body. */
  brokeOff(why: Error): void {
    if (isUpstreamsFault(why)) this.#fail(why.message)
  }

  /** @param why for the log. */
  turn(turn: UpstreamTurn, why: string): void {
    const from = this.#state
    this.#state = turned(from, turn)
    if (this.#state === from) return
    const { clock, events, name: host } = this.#host
    if (this.#state === 'up') {
      this.#since = clock.now()
      this.#ejections = 0
      this.#failed.length = 0
    }
    if (this.#state === 'leaving') {
      // What is idle goes now, the rest after its reply.
      this.transports.close()
    }
    if (!events.on) return
    const event: ProxyUpstreamEvent = {
      type: 'proxy.upstream',
      at: clock.now(),
      host,
      upstream: this.name,
      from,
      to: this.#state,
      why,
    }
    events.emit(event)
  }

  #succeed(): void {
    if (this.#state === 'trial') this.turn('success', 'a request was answered')
  }

  #fail(why: string): void {
    this.#failures++
    const { failures, within, rest, most } = this.#settings.ejection
    const now = this.#host.clock.now()
    const eject = (turn: UpstreamTurn) => {
      this.#restsUntil = now + Math.min(most, rest * 2 ** Math.min(this.#ejections, DOUBLINGS))
      this.#ejections++
      this.#failed.length = 0
      this.turn(turn, why)
    }
    if (this.#state === 'trial') eject('failure')
    else if (failures > 0) {
      this.#failed.push(now)
      if (this.#failed.length > failures) this.#failed.shift()
      const often = this.#failed.length === failures && now - this.#failed[0]! <= within
      if (this.#state === 'up' && often && this.#mayEject()) eject('failures')
    }
  }
}
