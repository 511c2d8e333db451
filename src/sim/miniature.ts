/**
 * The Internet in miniature: everything that stands between a browser and a web site, as running machines.
 *
 *     laptop ── home-router ── provider ── exchange ─┬─ root        (the DNS root)
 *       (NAT, forwarding DNS)      │                 ├─ registry    (the top-level domain)
 *                               resolver             ├─ authority   (the site's own name server)
 *                                                    └─ web         (the site)
 *
 * Addresses are of the documentation ranges (RFC 5737) and, at home, of RFC 1918.
 */
import { type Duration, ms, us } from '../base/duration.ts'
import { loadZone, Name, serveZones, type Zone } from '../dns/index.ts'
import { serveForwarder } from '../dns/resolver/forwarder.ts'
import { serveResolver } from '../dns/resolver/serve.ts'
import type { NameFinder } from '../dns/stub/host-resolver.ts'
import { hostResolver } from '../dns/stub/host-resolver.ts'
import { programResolver } from '../dns/stub/program-resolver.ts'
import { Internet, type InternetOptions } from './internet.ts'
import type { SimHost } from './machine/node.ts'
import { gbit, mbit, type Rate } from './network/rate.ts'

/** The weather on the line between the home and its provider, both ways. */
export interface AccessLine {
  /** One way; default 8 ms. */
  readonly latency?: Duration
  /** More of it, up to this, at random. */
  readonly jitter?: Duration
  /** The share of frames lost, 0 to 1. */
  readonly loss?: number
  /** Bits a second; default 50 Mbit/s. */
  readonly rate?: Rate
}

/** What the miniature is built for: the name of the site, and the line of the home. */
export interface MiniatureOptions extends Omit<InternetOptions, 'names'> {
  /** The name of the site: `board.example`, `www.shop.example`. At least two labels. */
  readonly site: string
  readonly access?: AccessLine
  /** Seconds that the site's records may be cached; default 300. */
  readonly ttl?: number
}

/** The Internet in miniature, built and running: the machines that a program needs to know. */
export interface Miniature {
  readonly net: Internet
  readonly laptop: SimHost
  readonly web: SimHost
  /** Names as a browser on the laptop finds them: its own cache, then the laptop's, and so on up. */
  readonly browser: NameFinder
  /** Every machine with its address, in the order in which they stand between laptop and web. */
  readonly machines: readonly { readonly host: SimHost; readonly address: string }[]
  /** Stops the name servers. */
  close(): Promise<void>
}

const HOME = '192.168.1.1'
const LAPTOP = '192.168.1.10'
const RESOLVER = '203.0.113.53'
const ROOT = '192.0.2.4'
const REGISTRY = '192.0.2.30'
const AUTHORITY = '198.51.100.53'
const WEB = '198.51.100.80'

const DNS = 53

/**
 * Builds it and starts the name servers. The site itself is for the caller to serve on `web`.
 * @throws RangeError for a site name that cannot be delegated
 */
export async function miniature(options: MiniatureOptions): Promise<Miniature> {
  const { site, access = {}, ttl = 300, ...rest } = options
  const zones = zonesFor(site, ttl)
  const net = new Internet({ ...rest, names: false })
  let finder: NameFinder | null = null
  const laptop = net.host('laptop', { resolver: (name, family) => finder!.lookup(name, family) })
  const home = net.homeRouter('home-router')
  const provider = net.router('provider')
  const exchange = net.router('exchange')
  const [resolver, root, registry, authority, web] = ['resolver', 'root', 'registry', 'authority', 'web'].map((name) =>
    net.host(name),
  ) as [SimHost, SimHost, SimHost, SimHost, SimHost]

  net.link(laptop, home.lan, { latency: us(300), rate: gbit(1), addresses: [`${LAPTOP}/24`, `${HOME}/24`] })
  net.link(home.wan, provider, {
    latency: ms(8),
    rate: mbit(50),
    ...access,
    addresses: ['203.0.113.2/30', '203.0.113.1/30'],
  })
  const near = { latency: us(200), rate: gbit(10) }
  const far = (latency: Duration, addresses: readonly [string, string]) => ({ latency, rate: gbit(10), addresses })
  net.link(resolver, provider, { ...near, addresses: [`${RESOLVER}/28`, '203.0.113.49/28'] })
  net.link(provider, exchange, far(ms(4), ['198.51.100.1/30', '198.51.100.2/30']))
  net.link(exchange, root, far(ms(3), ['192.0.2.1/28', `${ROOT}/28`]))
  net.link(exchange, registry, far(ms(6), ['192.0.2.17/28', `${REGISTRY}/28`]))
  net.link(exchange, authority, far(ms(10), ['198.51.100.33/27', `${AUTHORITY}/27`]))
  net.link(exchange, web, far(ms(10), ['198.51.100.65/27', `${WEB}/27`]))

  const at = (address: string) => ({ address, port: DNS })
  const starting = Promise.all([
    serveZones(root, [zones.root], { stage: 'root' }),
    serveZones(registry, [zones.registry], { stage: 'top-level domain' }),
    serveZones(authority, [zones.site], { stage: 'authoritative' }),
    serveResolver(resolver, { hints: [at(ROOT)] }),
    serveForwarder(home, { upstream: [at(RESOLVER)] }),
  ])
  const servers = await net.run(starting)
  const conf = { hostsFile: '127.0.0.1 localhost\n', resolvConf: `nameserver ${HOME}\n`, families: [4] as const }
  finder = hostResolver(laptop, conf)
  const addressed: [SimHost, string][] = [
    [laptop, LAPTOP],
    [home, HOME],
    [provider, '203.0.113.1'],
    [resolver, RESOLVER],
    [exchange, '198.51.100.2'],
    [root, ROOT],
    [registry, REGISTRY],
    [authority, AUTHORITY],
    [web, WEB],
  ]
  return {
    net,
    laptop,
    web,
    browser: programResolver(laptop, finder, { families: [4] }),
    machines: addressed.map(([host, address]) => ({ host, address })),
    async close() {
      await net.run(Promise.all(servers.map((server) => server.close())))
    },
  }
}

/** The three zones on the way to a site's name. */
function zonesFor(site: string, ttl: number): { root: Zone; registry: Zone; site: Zone } {
  const labels = site.toLowerCase().replace(/\.$/, '').split('.')
  if (labels.length < 2 || labels.some((label) => !/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(label)))
    throw new RangeError(`'${site}' is not a name for a site here: it needs two labels or more, as in board.example`)
  const top = labels.at(-1)!
  const zone = labels.slice(-2).join('.')
  const soa = (primary: string, minimum: number) =>
    `IN SOA ${primary} hostmaster.${primary} 2026010101 7200 3600 1209600 ${minimum}`
  const names = new Set([zone, `www.${zone}`, labels.join('.')])
  return {
    root: zoneOf(
      '.',
      `$TTL 86400
. ${soa('a.root-servers.net.', 86400)}
. IN NS a.root-servers.net.
a.root-servers.net. IN A ${ROOT}
${top}. IN NS a.nic.${top}.
a.nic.${top}. IN A ${REGISTRY}
`,
    ),
    registry: zoneOf(
      `${top}.`,
      `$TTL 86400
${top}. ${soa(`a.nic.${top}.`, 3600)}
${top}. IN NS a.nic.${top}.
a.nic.${top}. IN A ${REGISTRY}
${zone}. IN NS ns1.${zone}.
ns1.${zone}. IN A ${AUTHORITY}
`,
    ),
    site: zoneOf(
      `${zone}.`,
      `$TTL ${ttl}
${zone}. ${soa(`ns1.${zone}.`, 60)}
${zone}. IN NS ns1.${zone}.
ns1.${zone}. IN A ${AUTHORITY}
${zone}. IN MX 10 mail.${zone}.
${zone}. IN TXT "v=spf1 mx -all"
mail.${zone}. IN A ${WEB}
${[...names].map((name) => (name === `www.${zone}` ? `${name}. IN CNAME ${zone}.` : `${name}. IN A ${WEB}`)).join('\n')}
`,
    ),
  }
}

function zoneOf(origin: string, text: string): Zone {
  const { zone, faults } = loadZone(text, Name.parse(origin))
  if (zone === null) throw new Error(`the zone ${origin} of the miniature is wrong: ${faults[0]?.why}`)
  return zone
}
