/** Unbound's configuration keys as our settings. What is unset is Unbound's default, not ours. */
import { seconds } from '../../../src/base/duration.ts'
import type { Policy } from '../../../src/dns/iterate/policy.ts'
import { defaultSettings, type ResolverSettings } from '../../../src/dns/iterate/settings.ts'
import type { ConfiguredZone } from '../../../src/dns/iterate/walk/delegation.ts'
import { DNS_LIMITS, dnsLimits } from '../../../src/dns/limits.ts'
import { Name } from '../../../src/dns/message/name.ts'
import { emptyZones } from '../../../src/dns/resolver/local/empty.ts'
import { withoutPrivateAddresses } from '../../../src/dns/resolver/local/private.ts'
import { specialNames } from '../../../src/dns/resolver/local/special.ts'
import { type UpstreamProtocol, upstream } from '../../../src/dns/servers/upstream.ts'
import { serverAddress } from '../../../src/dns/stub/resolv-conf.ts'
import type { Clause } from './scenario.ts'

export interface Configuration {
  readonly settings: Partial<ResolverSettings>
  readonly minimalResponses: boolean
  /** What a client may do. */
  access(address: string): 'refuse' | 'allow' | 'snoop'
  /** Whether extended errors are given. */
  readonly explained: boolean
}

/** The clauses called `server`, as one. */
class ServerKeys {
  readonly #keys: readonly (readonly [key: string, value: string])[]

  constructor(config: readonly Clause[]) {
    this.#keys = config.filter((clause) => clause.name === 'server').flatMap((clause) => [...clause.keys])
  }

  all(key: string): string[] {
    return this.#keys.filter(([name]) => name === key).map(([, value]) => value)
  }

  on(key: string, otherwise: boolean): boolean {
    return (this.all(key).at(-1) ?? (otherwise ? 'yes' : 'no')) === 'yes'
  }

  number(key: string, otherwise: number): number {
    return Number(this.all(key).at(-1) ?? otherwise)
  }
}

export function configure(config: readonly Clause[]): Configuration {
  const server = new ServerKeys(config)
  const { resolver, cache, answer } = DNS_LIMITS
  const zones = config
    .filter(({ name }) => name === 'stub-zone' || name === 'forward-zone')
    .map((clause) => configuredZone(clause, server.on('tcp-upstream', false)))
  return {
    settings: {
      zones,
      policies: policies(server, zones),
      families: [
        ...(server.on('do-ip4', true) ? [4 as const] : []),
        ...(server.on('do-ip6', true) ? [6 as const] : []),
      ],
      allowLoopbackServers: !server.on('do-not-query-localhost', true),
      minimise: server.on('qname-minimisation', true),
      dnssecOk: !server.on('disable-edns-do', false),
      promiscuousAuthority: !server.on('iter-scrub-promiscuous', true),
      prime: true,
      limits: dnsLimits({
        answer: { aliases: server.number('max-query-restarts', answer.aliases) },
        resolver: {
          upstreamQueries: server.number('max-global-quota', resolver.upstreamQueries),
          nameServers: server.number('iter-scrub-ns', resolver.nameServers),
          queriesPerName: server.number('max-sent-count', resolver.queriesPerName),
          triesPerServer: server.number('outbound-msg-retry', resolver.triesPerServer),
          plans: server.number('num-queries-per-thread', resolver.plans),
        },
        cache: {
          maxTtl: server.number('cache-max-ttl', cache.maxTtl),
          minTtl: server.number('cache-min-ttl', cache.minTtl),
          maxNegativeTtl: server.number('cache-max-negative-ttl', cache.maxNegativeTtl),
          minNegativeTtl: server.number('cache-min-negative-ttl', cache.minNegativeTtl),
        },
      }),
      patience: seconds(1e9), // the scenario's clock jumps; Unbound's tests have no such limit
      leastTimeout: defaultSettings.leastTimeout,
      mostTimeout: defaultSettings.mostTimeout,
    },
    minimalResponses: server.on('minimal-responses', true),
    access: accessList(server.all('access-control')),
    explained: server.on('ede', false),
  }
}

function policies(server: ServerKeys, zones: readonly ConfiguredZone[]): Policy[] {
  const nodefault = server
    .all('local-zone')
    .map((value) => value.replaceAll('"', '').split(/\s+/))
    .filter(([, kind]) => kind === 'nodefault')
    .map(([name = '']) => Name.parse(name.endsWith('.') ? name : `${name}.`))
  const known = [...nodefault, ...zones.map(({ zone }) => zone)]
  const never = server.all('do-not-query-address')
  const prefixes = server.all('private-address')
  const allowed = server.all('private-domain').map((name) => Name.parse(name))
  return [
    specialNames(),
    emptyZones(known),
    ...(prefixes.length > 0 ? [withoutPrivateAddresses({ prefixes, allowed })] : []),
    ...(never.length > 0
      ? [{ server: (_zone: Name, { address }: { address: { address: string } }) => !never.includes(address.address) }]
      : []),
  ]
}

/** `access-control: 127.0.0.0/8 allow_snoop`: the longest prefix counts; without any only this machine may ask. */
function accessList(lines: readonly string[]): Configuration['access'] {
  const rules = lines.map((line) => {
    const [prefix = '', action = ''] = line.split(/\s+/)
    const [network = '', length = ''] = prefix.split('/')
    return { bits: bitsOf(network).slice(0, Number(length || 128)), action }
  })
  return (address) => {
    const bits = bitsOf(address)
    const [best] = rules.filter((rule) => bits.startsWith(rule.bits)).sort((a, b) => b.bits.length - a.bits.length)
    const action = best?.action ?? (address.startsWith('127.') || address === '::1' ? 'allow' : 'refuse')
    return action === 'allow_snoop' ? 'snoop' : action.startsWith('allow') ? 'allow' : 'refuse'
  }
}

/** An IPv4 address as 32 digits 0 and 1; one of IPv6 as it is, which no prefix of the suite needs. */
function bitsOf(address: string): string {
  if (address.includes(':')) return address
  return address
    .split('.')
    .map((octet) => Number(octet).toString(2).padStart(8, '0'))
    .join('')
}

function configuredZone(clause: Clause, overTcp: boolean): ConfiguredZone {
  const forwarding = clause.name === 'forward-zone'
  const kind = forwarding ? 'forward' : 'stub'
  const values = (key: string) => clause.keys.filter(([name]) => name === key).map(([, value]) => value)
  const on = (key: string) => values(key).at(-1) === 'yes'
  const protocol: UpstreamProtocol = overTcp || on(`${kind}-tcp-upstream`) ? 'tcp' : 'plain'
  const servers = values(`${kind}-addr`).flatMap((value) => {
    const address = serverAddress(value.replace('@', ':')) // an IPv6 address with a port is not used by the suite
    return address === undefined ? [] : [upstream(address, protocol)]
  })
  return {
    zone: Name.parse(values('name')[0] ?? '.'),
    servers,
    names: values(`${kind}-host`).map((name) => Name.parse(name)),
    forwarding,
    first: on(`${kind}-first`),
    uncached: on(`${kind}-no-cache`),
  }
}
