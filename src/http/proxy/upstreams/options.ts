/** What is said of upstreams: where they are, how they are chosen, when they are left alone. */
import { MILLISECOND } from '../../../base/clock.ts'
import { type Duration, requireDuration, seconds } from '../../../base/duration.ts'
import type { ClientTls } from '../../../tls/settings.ts'
import { HttpMisuse } from '../../errors.ts'
import { type Origin, originOf } from '../../origin.ts'

/** One upstream, or all the addresses of one name. */
export interface UpstreamOptions {
  /** `http://10.0.0.7:3000`, `http://app.internal:3000/base`. Of a name each address is an upstream of its own. */
  readonly url: string
  /** How much it gets in proportion to the others; default 1. 0: nothing but what is there for its sake (draining). */
  readonly weight?: number
  /** Requests under way at once; past it others are asked, or the request waits. Default: no bound of its own. */
  readonly connections?: number
}

/**
 * How an upstream is chosen.
 * - `round robin` (default): in turn, by weight, evenly mixed.
 * - `least requests`: the one with the fewest under way, by weight.
 * - `two choices`: the better of two by chance: as good as the former, and many proxies do not run to the same one.
 * - by a hash of the client's address, a field or a cookie: the same asks the same, and few move when an upstream goes.
 */
export type BalancePolicy =
  | 'round robin'
  | 'least requests'
  | 'two choices'
  | { readonly hash: 'address' }
  | { readonly hash: 'field' | 'cookie'; readonly name: string }

/** Asking each upstream by itself how it is. */
export interface HealthCheckOptions {
  /** `/health`. */
  readonly path: string
  /** Default 10 s, each a little earlier or later, so that not all are asked at once. */
  readonly every?: Duration
  /** How long the reply may take; default 3 s. */
  readonly timeout?: Duration
  /** What the status must be; default any from 200 to 399. */
  readonly status?: readonly number[]
  /** So many good replies in a row bring an upstream back; default 2. */
  readonly rise?: number
  /** So many bad ones in a row take it out; default 3. */
  readonly fall?: number
  /** The Host field; default the URL's. */
  readonly host?: string
}

/** Learning from what is passed on. */
export interface EjectionOptions {
  /** So many failures within `within` eject an upstream; default 5. 0: never. */
  readonly failures?: number
  /** Default 10 s. */
  readonly within?: Duration
  /** How long it rests at first, twice as long each time up to `most`; default 10 s. */
  readonly rest?: Duration
  /** Default 5 minutes. */
  readonly most?: Duration
  /** Statuses that count as failures; default 502, 503 and 504. */
  readonly status?: readonly number[]
}

/** A group of upstreams. */
export interface UpstreamsOptions {
  /** One or several URLs, with more said of each where need be. */
  readonly to: string | readonly (string | UpstreamOptions)[]
  /** How one is chosen. */
  readonly balance?: BalancePolicy
  /** Without it nobody is asked how it is. */
  readonly health?: HealthCheckOptions
  /** On by default; `{ failures: 0 }` switches it off. */
  readonly ejection?: EjectionOptions
  /** An upstream that comes back gets its share little by little over so long; default at once. */
  readonly slowStart?: Duration
  /** How often names are looked up again; default 30 s. */
  readonly lookup?: Duration
  /** How often a request that failed is tried again with another upstream, where that is safe; default 2. */
  readonly retries?: number
  /** Retries in proportion to requests, beyond ten a second that are always allowed; default 0.2. */
  readonly retryShare?: number
  /** How long a connection to an upstream may take; default 3 s. */
  readonly connectTime?: Duration
  /** How long the head of a reply may take, from when the request is out; default 60 s. */
  readonly headTime?: Duration
  /** How long a body may make no progress, either way; default 60 s. */
  readonly bodyTime?: Duration
  /** How long an unused connection is kept, less where the upstream says less; default 4 s. */
  readonly idleTime?: Duration
  /** Requests that wait for a connection to one upstream; default 1024. */
  readonly waiting?: number
  /** Connections to one upstream; default 512. */
  readonly pool?: number
  /** How https upstreams are secured; default `clientTls()`: the authorities that the system trusts. */
  readonly tls?: ClientTls
}

/** One entry, read. */
export interface Target {
  readonly origin: Origin
  /** The path that targets are put below, without its last slash; '' for the root. */
  readonly base: string
  readonly weight: number
  readonly connections: number
}

/** Those settings that are looked at more than once, complete. */
export interface Settings {
  readonly targets: readonly Target[]
  readonly balance: BalancePolicy
  readonly health:
    | (Required<Omit<HealthCheckOptions, 'status' | 'host'>> & Pick<HealthCheckOptions, 'status' | 'host'>)
    | null
  readonly ejection: Required<EjectionOptions>
  readonly slowStart: Duration
  readonly lookup: Duration
  readonly retries: number
  readonly retryShare: number
  readonly connectTime: Duration
  readonly headTime: Duration
  readonly bodyTime: Duration
  readonly idleTime: Duration
  readonly waiting: number
  readonly pool: number
  readonly tls: ClientTls | undefined
}

const POLICIES = ['round robin', 'least requests', 'two choices']

/** @throws HttpMisuse and RangeError for what cannot be meant. */
export function settingsOf(what: string, options: UpstreamsOptions): Settings {
  const { to, balance = 'round robin', health, ejection = {} } = options
  const entries = typeof to === 'string' ? [to] : to
  if (!Array.isArray(entries) || entries.length === 0)
    throw misuse(`${what}: to must be a URL like 'http://127.0.0.1:3000', or a list of URLs`)
  const known =
    typeof balance === 'string' ? POLICIES.includes(balance) : ['address', 'field', 'cookie'].includes(balance.hash)
  if (!known)
    throw misuse(
      `${what}: balance must be ${POLICIES.map((p) => `'${p}'`).join(', ')} or { hash: … }, not ${JSON.stringify(balance)}`,
    )
  const time = (name: string, value: Duration | undefined, otherwise: Duration) =>
    requireDuration(`${what}: ${name}`, value ?? otherwise, MILLISECOND)
  const count = (name: string, value: number | undefined, otherwise: number) => {
    if (value !== undefined && !(value >= 0))
      throw new RangeError(`${what}: ${name} must be a number from 0, not ${value}`)
    return value ?? otherwise
  }
  if (health !== undefined && !health.path?.startsWith('/'))
    throw misuse(`${what}: health.path must be a path like /health, not ${JSON.stringify(health.path)}`)
  return {
    targets: entries.map((entry) => targetOf(what, entry)),
    balance,
    health:
      health === undefined
        ? null
        : {
            ...health,
            every: time('health.every', health.every, seconds(10)),
            timeout: time('health.timeout', health.timeout, seconds(3)),
            rise: Math.max(1, count('health.rise', health.rise, 2)),
            fall: Math.max(1, count('health.fall', health.fall, 3)),
          },
    ejection: {
      failures: count('ejection.failures', ejection.failures, 5),
      within: time('ejection.within', ejection.within, seconds(10)),
      rest: time('ejection.rest', ejection.rest, seconds(10)),
      most: time('ejection.most', ejection.most, seconds(300)),
      status: ejection.status ?? [502, 503, 504],
    },
    slowStart: time('slowStart', options.slowStart, 0 as Duration),
    lookup: time('lookup', options.lookup, seconds(30)),
    retries: count('retries', options.retries, 2),
    retryShare: count('retryShare', options.retryShare, 0.2),
    connectTime: time('connectTime', options.connectTime, seconds(3)),
    headTime: time('headTime', options.headTime, seconds(60)),
    bodyTime: time('bodyTime', options.bodyTime, seconds(60)),
    idleTime: time('idleTime', options.idleTime, seconds(4)),
    waiting: count('waiting', options.waiting, 1024),
    pool: Math.max(1, count('pool', options.pool, 512)),
    tls: options.tls,
  }
}

function targetOf(what: string, entry: string | UpstreamOptions): Target {
  const { url, weight = 1, connections = Number.POSITIVE_INFINITY } = typeof entry === 'string' ? { url: entry } : entry
  const parsed = URL.parse(url)
  const origin = parsed === null ? null : originOf(parsed)
  if (parsed === null || origin === null)
    throw misuse(`${what}: an upstream must be a URL like http://127.0.0.1:3000, not ${JSON.stringify(url)}`)
  if (parsed.search !== '' || parsed.hash !== '' || parsed.username !== '' || parsed.password !== '')
    throw misuse(`${what}: an upstream's URL has a host, a port and a path, and nothing else: ${url}`)
  if (!(weight >= 0)) throw new RangeError(`${what}: the weight of ${url} must be a number from 0, not ${weight}`)
  if (!(connections >= 1)) throw new RangeError(`${what}: connections of ${url} must be at least 1, not ${connections}`)
  return { origin, base: parsed.pathname.replace(/\/$/, ''), weight, connections }
}

function misuse(message: string): HttpMisuse {
  return new HttpMisuse('HTTP_INVALID_ARGUMENT', message)
}
