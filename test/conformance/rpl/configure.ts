/** Unbound's configuration keys as our settings. What is unset is Unbound's default, not ours. */
import { SECOND } from '../../../src/base/clock.ts'
import { type ConfiguredZone, defaultSettings, type ResolverSettings } from '../../../src/dns/iterate/settings.ts'
import { type CacheLimits, defaultCacheLimits, defaultResolverLimits } from '../../../src/dns/limits.ts'
import { Name } from '../../../src/dns/message/name.ts'
import { serverAddress } from '../../../src/dns/stub/resolv-conf.ts'
import type { Clause } from './scenario.ts'

export interface Configuration {
  readonly settings: Partial<ResolverSettings>
  readonly cacheLimits: CacheLimits
  readonly minimalResponses: boolean
  /** RD=0 may read the cache. */
  readonly snoop: boolean
}

export function configure(config: readonly Clause[]): Configuration {
  const server = new Map(config.filter((clause) => clause.name === 'server').flatMap((clause) => [...clause.keys]))
  const on = (key: string, otherwise: boolean) => (server.get(key) ?? (otherwise ? 'yes' : 'no')) === 'yes'
  const number = (key: string, otherwise: number) => Number(server.get(key) ?? otherwise)
  const zones = config
    .filter((clause) => clause.name === 'stub-zone' || clause.name === 'forward-zone')
    .map(configuredZone)
  const policy = server.get('access-control') ?? ''
  return {
    settings: {
      zones,
      families: [...(on('do-ip4', true) ? [4 as const] : []), ...(on('do-ip6', true) ? [6 as const] : [])],
      allowLoopbackServers: !on('do-not-query-localhost', true),
      minimise: on('qname-minimisation', true),
      promiscuousAuthority: !on('iter-scrub-promiscuous', true),
      prime: true,
      limits: {
        ...defaultResolverLimits,
        upstreamQueries: number('max-global-quota', defaultResolverLimits.upstreamQueries),
        aliases: number('max-query-restarts', defaultResolverLimits.aliases),
      },
      patience: 1e9 * SECOND, // the scenario's clock jumps; Unbound's tests have no such limit
      ...defaultTimeouts,
    },
    cacheLimits: {
      ...defaultCacheLimits,
      maxTtl: number('cache-max-ttl', defaultCacheLimits.maxTtl),
      minTtl: number('cache-min-ttl', defaultCacheLimits.minTtl),
      maxNegativeTtl: number('cache-max-negative-ttl', defaultCacheLimits.maxNegativeTtl),
      minNegativeTtl: number('cache-min-negative-ttl', defaultCacheLimits.minNegativeTtl),
    },
    minimalResponses: on('minimal-responses', true),
    snoop: /allow_snoop/.test(policy),
  }
}

const defaultTimeouts = {
  leastTimeout: defaultSettings.leastTimeout,
  mostTimeout: defaultSettings.mostTimeout,
  attempts: defaultSettings.attempts,
}

function configuredZone(clause: Clause): ConfiguredZone {
  const forwarding = clause.name === 'forward-zone'
  const key = forwarding ? 'forward-addr' : 'stub-addr'
  const servers = clause.keys
    .filter(([name]) => name === key)
    .flatMap(([, value]) => {
      const address = serverAddress(value.replace('@', ':')) // an IPv6 address with a port is not used by the suite
      return address === undefined ? [] : [address]
    })
  const zone = clause.keys.find(([name]) => name === 'name')?.[1] ?? '.'
  return { zone: Name.parse(zone), servers, forwarding }
}
