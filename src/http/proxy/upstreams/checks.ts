/** Asking one upstream again and again how it is. */
import type { Timer } from '../../../base/clock.ts'
import { unit } from '../../../base/random.ts'
import type { Host } from '../../../socket/host.ts'
import { outgoing } from '../../client/request.ts'
import type { Settings } from './options.ts'
import type { Upstream } from './upstream.ts'

export class HealthCheck {
  readonly #host: Host
  readonly #upstream: Upstream
  readonly #settings: NonNullable<Settings['health']>
  /** How many replies in a row were good, or bad: the sign tells which. */
  #row = 0
  #timer: Timer | null = null
  #stopped = false

  constructor(host: Host, upstream: Upstream, settings: NonNullable<Settings['health']>) {
    this.#host = host
    this.#upstream = upstream
    this.#settings = settings
    void this.#ask()
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
  }

  async #ask(): Promise<void> {
    const { rise, fall } = this.#settings
    const why = await this.#fault()
    if (this.#stopped) return
    this.#row = why === '' ? Math.max(0, this.#row) + 1 : Math.min(0, this.#row) - 1
    if (this.#row >= rise) this.#upstream.turn('checks passed', `${rise} health checks in a row were good`)
    if (this.#row <= -fall) this.#upstream.turn('checks failed', why)
    const { clock, random } = this.#host
    const wait = this.#settings.every * (0.9 + 0.2 * unit(random))
    this.#timer = clock.at(clock.now() + Math.round(wait), () => void this.#ask())
  }

  /** '' for a good reply, else what is wrong. */
  async #fault(): Promise<string> {
    const { path, timeout, status, host } = this.#settings
    const fields = ['User-Agent', 'reticle-health', ...(host === undefined ? [] : ['Host', host])]
    try {
      const { target, url, transports } = this.#upstream
      const request = outgoing(url, { fields, target: target.base + path, timeout })
      const reply = await transports.send(request)
      reply.body.discard()
      const good = status === undefined ? reply.status >= 200 && reply.status < 400 : status.includes(reply.status)
      return good ? '' : `health check answered ${reply.status}`
    } catch (error) {
      return `health check: ${error instanceof Error ? error.message : String(error)}`
    }
  }
}
