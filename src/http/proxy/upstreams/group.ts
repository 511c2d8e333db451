/** Upstreams as a group: who is in it now, who is asked, and who is asked next when that fails. */
import type { Timer } from '../../../base/clock.ts'
import { canonicalIp } from '../../../base/ip.ts'
import type { Host } from '../../../socket/host.ts'
import type { Outgoing, Reply } from '../../client/send.ts'
import type { ProxyPickEvent } from '../events.ts'
import { NoUpstream, neverSent } from '../passing/failure.ts'
import { RetryBudget } from './budget.ts'
import { HealthCheck } from './checks.ts'
import { type Settings, settingsOf, type Target, type UpstreamsOptions } from './options.ts'
import { type Asker, choose } from './policy.ts'
import { Upstream, type UpstreamReport } from './upstream.ts'

/** The largest share of a group that rests at once: the others have to carry what it leaves. */
const EJECTED_SHARE = 0.5

/** On whose behalf a request is sent: kept on the request through all layers, which copy what they change. */
export const ON_BEHALF: unique symbol = Symbol('on behalf')

/** A request with what the group wants to know of it. */
export interface Steered extends Outgoing {
  readonly [ON_BEHALF]?: Behalf
}

export interface Behalf extends Asker {
  /** Counts the exchanges of the server, for the log. */
  readonly exchange: number
  /** Whether sending it twice is sending it once, and it can be had again. */
  readonly repeatable: boolean
  /** Told of the upstream that has answered: `over` is to be called when its reply is through. */
  answeredBy(upstream: Upstream): void
}

interface Member {
  readonly upstream: Upstream
  readonly check: HealthCheck | null
}

/** The upstreams of one proxy, made by `reverseProxy`. */
export class UpstreamGroup {
  readonly #host: Host
  readonly #settings: Settings
  readonly #budget: RetryBudget
  /** By target and address: `http://app.internal:3000/ 10.0.0.7`. */
  readonly #members = new Map<string, Member>()
  #all: readonly Upstream[] = []
  #timer: Timer | null = null
  #ready: Promise<void> | null = null
  #closed = false

  constructor(host: Host, what: string, options: UpstreamsOptions) {
    this.#host = host
    this.#settings = settingsOf(what, options)
    this.#budget = new RetryBudget(host.clock, this.#settings.retryShare)
    const literal = this.#settings.targets.filter(({ origin }) => literalOf(origin.host) !== null)
    for (const target of literal) this.#add(`${target.origin.key}${target.base}`, target, null)
    this.#sort()
    if (literal.length < this.#settings.targets.length) {
      const looked = this.#lookUp()
      // Whoever is there already may be asked meanwhile.
      if (literal.length === 0) this.#ready = looked
    }
  }

  get settings(): Settings {
    return this.#settings
  }

  /** How the upstreams are, those that are leaving left out. */
  get reports(): readonly UpstreamReport[] {
    return this.#all.map(({ report }) => report)
  }

  /** Requests under way. */
  get active(): number {
    return this.#all.reduce((sum, { active }) => sum + active, 0)
  }

  /** Asks one upstream, and another where the first has failed and that is safe. The innermost `Send`. */
  async send(request: Steered): Promise<Reply> {
    if (this.#ready !== null) await this.#ready
    const behalf = request[ON_BEHALF] ?? null
    const { retries } = this.#settings
    const tried = new Set<Upstream>()
    this.#budget.request()
    for (let attempt = 1; ; attempt++) {
      const upstream = this.#pick(behalf, tried)
      if (upstream === null) throw new NoUpstream(`none of ${this.#all.length} upstreams can be asked`)
      tried.add(upstream)
      if (this.#host.events.on) this.#reportPick(upstream, behalf?.exchange ?? 0, attempt)
      try {
        const reply = await upstream.send(withBase(request, upstream.target.base))
        if (behalf === null) upstream.over()
        else behalf.answeredBy(upstream)
        return reply
      } catch (error) {
        const safe = neverSent(error) || (behalf?.repeatable === true && error instanceof Error && mayRepeat(error))
        const more = attempt <= retries && !request.signal?.aborted && !this.#closed && this.#all.length > 1
        if (!safe || !more || !this.#budget.take()) throw error
      }
    }
  }

  /** Takes no more requests; what is under way ends in its own time. */
  close(): void {
    this.#closed = true
    this.#timer?.cancel()
    for (const key of [...this.#members.keys()]) this.#remove(key)
    this.#sort()
  }

  #pick(asker: Asker | null, tried: ReadonlySet<Upstream>): Upstream | null {
    const [first] = this.#all
    // Most groups have one, and it is well.
    if (this.#all.length === 1 && tried.size === 0 && first!.available) return first!
    const fresh = this.#all.filter((upstream) => !tried.has(upstream))
    let candidates = fresh.filter((upstream) => upstream.available)
    // Better one that has failed than none: what is down by its own word is left alone.
    if (candidates.length === 0) candidates = fresh.filter(({ state }) => state === 'ejected' || state === 'trial')
    if (candidates.length === 0) return null
    const free = candidates.filter(({ hasRoom }) => hasRoom)
    return choose(free.length > 0 ? free : candidates, this.#settings.balance, this.#host.random, asker)
  }

  #mayEject(): boolean {
    const resting = this.#all.filter(({ state }) => state === 'ejected' || state === 'trial').length
    return resting + 1 <= this.#all.length * EJECTED_SHARE
  }

  /** Names are looked up, now and later. A name that cannot be looked up leaves things as they are. */
  async #lookUp(): Promise<void> {
    const { targets, lookup } = this.#settings
    const named = targets.filter(({ origin }) => literalOf(origin.host) === null)
    await Promise.all(named.map((target) => this.#lookUpOne(target)))
    this.#sort()
    if (this.#members.size > 0) this.#ready = null
    if (this.#closed) return
    const { clock } = this.#host
    // While nobody is known, again soon: the first request waits for it.
    const wait = this.#members.size > 0 ? lookup : Math.min(lookup, this.#settings.connectTime)
    this.#timer = clock.at(clock.now() + wait, () => void this.#lookUp())
  }

  async #lookUpOne(target: Target): Promise<void> {
    const key = `${target.origin.key}${target.base} `
    let addresses: readonly string[]
    try {
      addresses = await this.#host.lookup(target.origin.host)
    } catch {
      return
    }
    if (this.#closed || addresses.length === 0) return
    const wanted = new Set(addresses.map((address) => key + address))
    for (const known of [...this.#members.keys()]) if (known.startsWith(key) && !wanted.has(known)) this.#remove(known)
    for (const address of addresses) if (!this.#members.has(key + address)) this.#add(key + address, target, address)
  }

  #add(key: string, target: Target, address: string | null): void {
    const { health } = this.#settings
    const upstream = new Upstream(this.#host, target, address, this.#settings, () => this.#mayEject())
    this.#members.set(key, { upstream, check: health === null ? null : new HealthCheck(this.#host, upstream, health) })
  }

  #remove(key: string): void {
    const { upstream, check } = this.#members.get(key)!
    this.#members.delete(key)
    check?.stop()
    upstream.turn('removed', 'it is not among the upstreams any more')
  }

  #sort(): void {
    this.#all = [...this.#members.values()].map(({ upstream }) => upstream)
  }

  #reportPick(upstream: Upstream, exchange: number, attempt: number): void {
    const { clock, name: host, events } = this.#host
    const event: ProxyPickEvent = {
      type: 'proxy.pick',
      at: clock.now(),
      host,
      exchange,
      upstream: upstream.name,
      attempt,
    }
    events.emit(event)
  }
}

function literalOf(host: string): string | null {
  return canonicalIp(host.replace(/^\[|\]$/g, ''))
}

function withBase(request: Outgoing, base: string): Outgoing {
  const { target } = request
  return base === '' || target === undefined || !target.startsWith('/')
    ? request
    : { ...request, target: base + target }
}

/** Not after a time-out: whoever was slow once would get the same work twice. */
function mayRepeat(error: Error & { readonly reason?: string; readonly code?: string }): boolean {
  return error.reason === 'closed' || error.code === 'ECONNRESET' || error.code === 'EPIPE'
}
