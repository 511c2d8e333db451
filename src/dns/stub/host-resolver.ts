/**
 * A host's own name resolution, for all its programs: hosts file, cache, then the configured resolvers; what
 * getaddrinfo, nscd and systemd-resolved do together on Linux.
 */
import { seconds } from '../../base/duration.ts'
import { SocketError } from '../../base/errors.ts'
import { canonicalIp } from '../../base/ip.ts'
import { type Family, familyOf } from '../../socket/address.ts'
import type { Host } from '../../socket/host.ts'
import { type Answer, type Query, ttlOf } from '../answer/answer.ts'
import type { HostExchangeOptions } from '../exchange/client.ts'
import { addressOf } from '../iterate/walk/delegation.ts'
import { type DnsLimitChanges, dnsLimits } from '../limits.ts'
import { Name, parseName } from '../message/name.ts'
import { CLASS, RCODE, TYPE } from '../message/types.ts'
import type { ResolverDriver } from '../resolver/driver.ts'
import { forwarding } from '../resolver/forwarder.ts'
import { reportAnswer, reportPassed } from '../resolver/report.ts'
import { resolverDriver } from '../resolver/serve.ts'
import { upstream } from '../servers/upstream.ts'
import { addressAnswer } from './address-answer.ts'
import { toAscii } from './ascii.ts'
import { type HostsFile, parseHostsFile } from './hosts-file.ts'
import { parseResolvConf, type ResolvConf, searchNames } from './resolv-conf.ts'

/** What a name was found to be. */
export interface Found {
  /** IPv4 ones first; empty when there is none. */
  readonly addresses: readonly string[]
  /** Seconds that they hold; -1 when nobody said. */
  readonly ttl: number
  /** Why there are none: no such name (or none of that family), or nobody to say. */
  readonly failure: '' | 'ENOTFOUND' | 'EAI_AGAIN'
}

/** Whoever turns names into addresses: a host, or a program's cache before it. */
export interface NameFinder {
  /** Never rejects. Without a family: every family that the finder is set to. */
  find(name: string, family?: Family): Promise<Found>
  /** As `find`, in the way of `Host.lookup`: rejects with a SocketError `ENOTFOUND` or `EAI_AGAIN`. */
  lookup(name: string, family?: Family): Promise<readonly string[]>
}

/** A host's configuration of names. */
export interface HostResolverOptions extends Pick<HostExchangeOptions, 'mixCase'> {
  /** The text of a hosts file. */
  readonly hostsFile?: string
  /** The text of a resolv.conf, or what it says. */
  readonly resolvConf: string | ResolvConf
  /** Default: a cache of a page's worth of names, not of a provider's. */
  readonly limits?: DnsLimitChanges
  /** What a lookup without a family asks for; default both. */
  readonly families?: readonly Family[]
}

/** A host's name resolution, with what it was configured with. */
export interface HostResolver extends NameFinder {
  readonly hostsFile: HostsFile
  readonly resolvConf: ResolvConf
  /** The cache and the exchanges below it. */
  readonly driver: ResolverDriver
}

/**
 * The name resolution of that host.
 * @example
 * const resolver = hostResolver(host, { resolvConf: 'nameserver 192.0.2.53\\nsearch example.org' })
 * const addresses = await resolver.lookup('www')
 */
export function hostResolver(host: Host, options: HostResolverOptions): HostResolver {
  return new Stub(host, options)
}

class Stub implements HostResolver {
  readonly hostsFile: HostsFile
  readonly resolvConf: ResolvConf
  readonly driver: ResolverDriver
  readonly #host: Host
  readonly #families: readonly Family[]

  constructor(host: Host, options: HostResolverOptions) {
    this.#host = host
    this.hostsFile = parseHostsFile(options.hostsFile ?? '')
    const { resolvConf } = options
    this.resolvConf = typeof resolvConf === 'string' ? parseResolvConf(resolvConf) : resolvConf
    const families = options.families ?? [4, 6]
    this.#families = this.resolvConf.withoutIpv6 ? families.filter((family) => family !== 6) : families
    this.driver = stubDriver(host, this.resolvConf, options)
  }

  async find(given: string, family?: Family): Promise<Found> {
    const name = toAscii(given)
    const families = family === undefined ? this.#families : [family]
    const literal = canonicalIp(name)
    if (literal !== null) return found(families.includes(familyOf(literal)) ? [literal] : [], -1)
    if (!(parseName(name) instanceof Name)) return found([], -1)
    const listed = families.flatMap((each) => this.hostsFile.addresses(name, each))
    for (const each of families) this.#reportHostsFile(name, each, listed)
    if (listed.length > 0) return found(listed, -1)
    let failure: Found = { addresses: [], ttl: -1, failure: 'ENOTFOUND' }
    for (const candidate of searchNames(name, this.resolvConf)) {
      const asked = parseName(candidate)
      if (!(asked instanceof Name)) continue
      const result = await this.#findExactly(asked, families)
      if (result.addresses.length > 0) return result
      // "Try again" outweighs "no such name": the suffix that could not be asked may have it.
      if (failure.failure !== 'EAI_AGAIN') failure = result
    }
    return failure
  }

  async lookup(name: string, family?: Family): Promise<readonly string[]> {
    return addressesOrError(name, await this.find(name, family))
  }

  async #findExactly(name: Name, families: readonly Family[]): Promise<Found> {
    const answers = await Promise.all(
      families.map((family) => this.#ask({ name, type: family === 4 ? TYPE.A : TYPE.AAAA, class: CLASS.IN })),
    )
    return together(answers)
  }

  async #ask(query: Query): Promise<Answer> {
    return (await this.driver.resolve(query)).answer
  }

  #reportHostsFile(name: string, family: Family, listed: readonly string[]): void {
    const asked = this.#host.events.on ? parseName(name) : null
    if (!(asked instanceof Name)) return
    const query = { name: asked, type: family === 4 ? TYPE.A : TYPE.AAAA, class: CLASS.IN }
    if (listed.length === 0) reportPassed(this.#host, 'hosts file', query, null)
    else reportAnswer(this.#host, 'hosts file', query, addressAnswer(query, listed, 0), false)
  }
}

/** resolv.conf(5): without a nameserver line the one on this machine is asked. */
const LOCAL_SERVER = { address: '127.0.0.1', port: 53 } as const

function stubDriver(host: Host, conf: ResolvConf, options: HostResolverOptions): ResolverDriver {
  const given = conf.nameservers.length > 0 ? conf.nameservers : [LOCAL_SERVER]
  const servers = given.map((server) => upstream(server, conf.tcp ? 'tcp' : 'plain'))
  const wait = seconds(conf.timeout)
  const limits = dnsLimits(options.limits, STUB_LIMITS)
  // `rotate` spreads the load: any of the servers that answer about as fast as the fastest.
  const base = forwarding(servers, conf.rotate ? 'fastest' : 'listed')
  const patience = seconds(conf.timeout * conf.attempts * servers.length + 1)
  const tries = { ...limits, resolver: { ...limits.resolver, triesPerServer: conf.attempts } }
  const settings = { ...base, leastTimeout: wait, mostTimeout: wait, limits: tries, patience, dnssecOk: false }
  return resolverDriver(host, 'host cache', settings, options.mixCase === undefined ? {} : { mixCase: options.mixCase })
}

/** What a program or a host keeps: a page's worth of names. A failure is not remembered for longer than RFC 9520 §3.2 asks: a laptop is often offline for a moment. */
const STUB_LIMITS = dnsLimits({
  cache: { rrsets: 2_000, answers: 2_000, failures: 500, failureTtl: 1, maxFailureTtl: 1 },
})

/** The addresses in the answers to one name's questions, family by family. */
function together(answers: readonly Answer[]): Found {
  const addresses: string[] = []
  let ttl = Number.POSITIVE_INFINITY
  for (const answer of answers) {
    const own = addressesIn(answer)
    addresses.push(...own)
    if (own.length > 0) ttl = Math.min(ttl, ttlOf(answer))
  }
  if (addresses.length > 0) return found(addresses, ttl)
  const unsure = answers.some(({ rcode }) => rcode !== RCODE.NOERROR && rcode !== RCODE.NXDOMAIN)
  const ttls = answers.map(ttlOf)
  return { addresses: [], ttl: unsure ? -1 : Math.min(...ttls), failure: unsure ? 'EAI_AGAIN' : 'ENOTFOUND' }
}

function addressesIn(answer: Answer): string[] {
  return answer.answer
    .filter((set) => set.type === TYPE.A || set.type === TYPE.AAAA)
    .flatMap((set) => set.rdatas.map(addressOf))
    .filter((address) => address !== undefined)
}

function found(addresses: readonly string[], ttl: number): Found {
  return { addresses, ttl, failure: addresses.length > 0 ? '' : 'ENOTFOUND' }
}

/** The way of `Host.lookup`. @throws SocketError */
export function addressesOrError(name: string, result: Found): readonly string[] {
  if (result.failure === '') return result.addresses
  throw new SocketError(result.failure, 'getaddrinfo', { address: name })
}
