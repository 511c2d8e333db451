/** From a name to a connection, over any host: Happy Eyeballs, version 2 (RFC 8305). */
import type { Timer } from '../../base/clock.ts'
import { type Duration, ms, requireDuration } from '../../base/duration.ts'
import { type ErrorCode, SocketError } from '../../base/errors.ts'
import { ipVersion } from '../../base/ip.ts'
import { type Family, formatAddress, type IpAddress } from '../address.ts'
import type { Connection, ConnectOptions, Host } from '../host.ts'
import { SOCKET_LIMITS } from '../limits.ts'
import { Race } from './race.ts'

/** The addresses of a name. */
export type ResolveName = (name: string) => Promise<readonly string[]>

/** Settings of `connectByName`, beside those of every connect. */
export interface ConnectByNameOptions extends ConnectOptions {
  /** In place of the host's `lookup`. */
  readonly resolve?: ResolveName | undefined
  /** How long an attempt runs before the next address is tried as well; default 250 ms (RFC 8305 §8). */
  readonly attemptDelay?: Duration
  /** How long IPv6 addresses are waited for when those of IPv4 have come first; default 50 ms (RFC 8305 §8). */
  readonly resolutionDelay?: Duration
  /** Addresses of the name that are tried at most; default `SOCKET_LIMITS.addresses`. */
  readonly addresses?: number
}

/** What says only that this host has no way there, and so little of the server. */
const NO_WAY: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'EAFNOSUPPORT',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'EADDRNOTAVAIL',
])

/**
 * Connects to a name: both families are looked up at once, IPv6 is tried first, the other family and the further addresses
 * follow while the attempts before them are still under way, and the first connection that is made wins: the others are
 * given up. An address in place of the name is connected to as it is.
 *
 * Rejects with the error of the attempt that tells most; when several addresses were tried, the message names all, and
 * `cause` is an AggregateError of their errors. `ECANCELED` when the signal is aborted, `ENOTFOUND` or `EAI_AGAIN` from
 * the lookup.
 *
 * @example
 * const connection = await connectByName(kernelHost(), 'board.example', 80)
 */
export async function connectByName(
  host: Host,
  name: string,
  port: number,
  options: ConnectByNameOptions = {},
): Promise<Connection> {
  const { resolve, attemptDelay, resolutionDelay, addresses, ...each } = options
  if (ipVersion(name) !== 0) return await host.connect({ address: name, port }, each)
  const settings = {
    attemptDelay: requireDuration('connectByName({ attemptDelay })', attemptDelay ?? ms(250)),
    resolutionDelay: requireDuration('connectByName({ resolutionDelay })', resolutionDelay ?? ms(50)),
    addresses: addresses ?? SOCKET_LIMITS.addresses,
  }
  // A host of one family answers for it alone, and is asked as it always was.
  const together = resolve ?? (host.families?.length === 1 ? (wanted: string) => host.lookup(wanted) : undefined)
  const families: readonly Family[] = together === undefined ? [6, 4] : [6]
  const lookup = (family: Family): Promise<readonly string[]> =>
    together === undefined ? host.lookup(name, family) : together(name)
  return await new Contest(host, { name, port }, each, new Race(families, settings)).run(families, lookup)
}

/** A race with a host's sockets and clock. */
class Contest {
  readonly #host: Host
  readonly #to: { readonly name: string; readonly port: number }
  readonly #options: ConnectOptions
  readonly #race: Race
  readonly #running = new Set<AbortController>()
  readonly #failures: { readonly at: IpAddress; readonly error: unknown }[] = []
  /** Why a lookup has brought nothing. */
  #unknown: unknown = null
  #timer: Timer | null = null
  #over = false
  #resolve!: (connection: Connection) => void
  #reject!: (error: unknown) => void
  readonly #abort = (): void => {
    const { name: address, port } = this.#to
    this.#end(() =>
      this.#reject(new SocketError('ECANCELED', 'connect', { address, port, cause: this.#options.signal!.reason })),
    )
  }

  constructor(host: Host, to: { name: string; port: number }, options: ConnectOptions, race: Race) {
    this.#host = host
    this.#to = to
    this.#options = options
    this.#race = race
  }

  run(families: readonly Family[], lookup: (family: Family) => Promise<readonly string[]>): Promise<Connection> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
      const { signal } = this.#options
      if (signal?.aborted) return this.#abort()
      signal?.addEventListener('abort', this.#abort, { once: true })
      for (const family of families) void this.#look(family, lookup)
    })
  }

  async #look(family: Family, lookup: (family: Family) => Promise<readonly string[]>): Promise<void> {
    let found: readonly string[] = []
    try {
      found = await lookup(family)
    } catch (error) {
      // That one family could not be asked tells more than that the other does not exist.
      if (!isNotFound(error) || this.#unknown === null) this.#unknown = error
    }
    this.#race.answered(family, found, this.#host.clock.now())
    this.#go()
  }

  /** Whatever is due. */
  #go(): void {
    if (this.#over) return
    const { clock } = this.#host
    for (let next = this.#race.next(clock.now()); next !== null; next = this.#race.next(clock.now()))
      void this.#attempt({ address: next, port: this.#to.port })
    this.#timer?.cancel()
    const { deadline } = this.#race
    this.#timer = deadline === null ? null : clock.at(deadline, () => this.#go())
    if (this.#race.lost) this.#end(() => this.#reject(this.#failure()))
  }

  async #attempt(at: IpAddress): Promise<void> {
    const giveUp = new AbortController()
    this.#running.add(giveUp)
    try {
      const connection = await this.#host.connect(at, { ...this.#options, signal: giveUp.signal })
      this.#running.delete(giveUp)
      if (this.#over)
        connection.reset() // another was there first, at the same moment
      else this.#end(() => this.#resolve(connection))
    } catch (error) {
      this.#running.delete(giveUp)
      this.#failures.push({ at, error })
      this.#race.failed(this.#host.clock.now())
      this.#go()
    }
  }

  #end(settle: () => void): void {
    if (this.#over) return
    this.#over = true
    this.#timer?.cancel()
    this.#options.signal?.removeEventListener('abort', this.#abort)
    settle()
    for (const giveUp of this.#running) giveUp.abort(new Error('another attempt has won'))
  }

  #failure(): unknown {
    const failures = this.#failures
    const { name, port } = this.#to
    if (failures.length === 0)
      return this.#unknown ?? new SocketError('ENOTFOUND', 'getaddrinfo', { address: name, port })
    const telling = failures.findLast(({ error }) => error instanceof SocketError && !NO_WAY.has(error.code))
    const { at, error } = telling ?? failures.at(-1)!
    if (failures.length === 1 || !(error instanceof SocketError)) return error
    const errors = failures.map((failure) => failure.error)
    const tried = failures.map((failure) => `${formatAddress(failure.at)} ${(failure.error as SocketError).code}`)
    return new SocketError(error.code, error.syscall, {
      ...at,
      hint: `all addresses of ${name} were tried: ${tried.join(', ')}`,
      cause: new AggregateError(errors, `no address of ${name} can be connected to`),
    })
  }
}

function isNotFound(error: unknown): boolean {
  return error instanceof SocketError && error.code === 'ENOTFOUND'
}
