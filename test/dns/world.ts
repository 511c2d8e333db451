/** A simulated Internet with the whole way of a lookup: laptop, home router, provider's resolver, root, tld, zones. */
import { RecordingLog } from '../../src/base/events.ts'
import { serveZones } from '../../src/dns/authority/serve.ts'
import type { DnsExchangeEvent, DnsStage, DnsStageEvent } from '../../src/dns/events.ts'
import { Name } from '../../src/dns/message/name.ts'
import { type ForwarderOptions, serveForwarder } from '../../src/dns/resolver/forwarder.ts'
import { type ResolverOptions, serveResolver } from '../../src/dns/resolver/serve.ts'
import { type HostResolver, hostResolver, type NameFinder } from '../../src/dns/stub/host-resolver.ts'
import { programResolver } from '../../src/dns/stub/program-resolver.ts'
import { loadZone } from '../../src/dns/zone/load.ts'
import type { Zone } from '../../src/dns/zone/zone.ts'
import { internet, type LinkOptions, ms, type SimHost } from '../../src/sim/index.ts'
import type { Host } from '../../src/socket/host.ts'
import { isEvent } from '../../src/trace/event.ts'

/** A zone from its text; its faults are the test's. */
export function zone(origin: string, text: string): Zone {
  const loaded = loadZone(text, Name.parse(origin))
  if (loaded.zone === null) throw new Error(`${origin}: ${loaded.faults.map(({ why }) => why).join('; ')}`)
  return loaded.zone
}

export const ADDRESSES = {
  resolver: '198.18.0.53',
  root: '198.18.1.53',
  tld: '198.18.2.53',
  board: '198.18.3.53',
  boardToo: '198.18.4.53',
  cdn: '198.18.5.53',
} as const

const ROOT = `
$TTL 86400
@ SOA a.root.example. hostmaster.root.example. 1 7200 900 1209600 300
@ NS a.root.example.
example. NS a.nic.example.
a.root.example. A ${ADDRESSES.root}
a.nic.example. A ${ADDRESSES.tld}
`

const EXAMPLE = `
$TTL 3600
@ SOA a.nic hostmaster 1 7200 900 1209600 60
@ NS a.nic
a.nic A ${ADDRESSES.tld}
a.root A ${ADDRESSES.root}
board NS ns1.board
board NS ns2.board
ns1.board A ${ADDRESSES.board}
ns2.board A ${ADDRESSES.boardToo}
cdn NS ns.cdn
ns.cdn A ${ADDRESSES.cdn}
`

const BOARD = `
$TTL 300
@ SOA ns1 hostmaster 1 7200 900 1209600 30
@ NS ns1
@ NS ns2
ns1 A ${ADDRESSES.board}
ns2 A ${ADDRESSES.boardToo}
www A 203.0.113.80
short 5 A 203.0.113.81
pictures CNAME edge.cdn.example.
loop CNAME pool
pool CNAME loop
`

const CDN = `
$TTL 120
@ SOA ns hostmaster 1 7200 900 1209600 30
@ NS ns
ns A ${ADDRESSES.cdn}
edge A 203.0.113.99
`

export interface WorldOptions {
  readonly seed?: number
  readonly weather?: Partial<LinkOptions>
  readonly resolver?: Partial<ResolverOptions>
  readonly forwarder?: Partial<ForwarderOptions>
  /** Servers that are not started: they are there and silent. */
  readonly dead?: readonly (keyof typeof ADDRESSES)[]
  /** What a server serves in the place of its own zones. */
  readonly zones?: { readonly [server in keyof typeof ADDRESSES]?: readonly Zone[] }
}

export async function lookupWorld(options: WorldOptions = {}) {
  const log = new RecordingLog()
  const net = internet({ seed: options.seed ?? 1, log, names: false })
  const laptop = net.host('laptop')
  const home = net.homeRouter('home')
  const provider = net.router('provider')
  net.link(laptop, home.lan, { latency: ms(2) })
  net.link(home.wan, provider, { latency: ms(8), ...options.weather })
  const machines = {} as Record<keyof typeof ADDRESSES, SimHost>
  for (const [i, [name, address]] of Object.entries(ADDRESSES).entries()) {
    const machine = net.host(name)
    net.link(machine, provider, {
      latency: ms(10),
      addresses: [`${address}/24`, `198.18.${i}.1/24`],
      ...options.weather,
    })
    machines[name as keyof typeof ADDRESSES] = machine
  }
  const serve = async (name: keyof typeof ADDRESSES, zones: readonly Zone[], stage: DnsStage) => {
    if (options.dead?.includes(name)) return
    await serveZones(machines[name], options.zones?.[name] ?? zones, { stage })
  }
  await serve('root', [zone('.', ROOT)], 'root')
  await serve('tld', [zone('example.', EXAMPLE)], 'top-level domain')
  await serve('board', [zone('board.example.', BOARD)], 'authoritative')
  await serve('boardToo', [zone('board.example.', BOARD)], 'authoritative')
  await serve('cdn', [zone('cdn.example.', CDN)], 'authoritative')
  const resolver = await serveResolver(machines.resolver, {
    hints: [{ address: ADDRESSES.root, port: 53 }],
    ...options.resolver,
  })
  const forwarder = await serveForwarder(home, {
    upstream: [{ address: ADDRESSES.resolver, port: 53 }],
    at: { address: home.insideAddress, port: 53 },
    ...options.forwarder,
  })
  const host: HostResolver = hostResolver(laptop, {
    hostsFile: '127.0.0.1 localhost\n10.9.8.7 printer.lan\n',
    resolvConf: `nameserver ${home.insideAddress}\noptions timeout:3 attempts:3`,
    families: [4],
  })
  const browser: NameFinder = programResolver(laptop, host, { families: [4] })
  return { net, log, laptop: laptop as Host, home, machines, resolver, forwarder, host, browser }
}

/** The stages a lookup went through, `stage outcome`, since `from` in the log. */
export function stages(log: RecordingLog, from = 0): string[] {
  return stageEvents(log, from).map((event) => `${event.stage} ${event.outcome}${event.cached ? ' (cached)' : ''}`)
}

export function stageEvents(log: RecordingLog, from = 0): DnsStageEvent[] {
  return log.events.slice(from).filter((event) => isEvent(event, 'dns.stage'))
}

export function exchanges(log: RecordingLog, from = 0): DnsExchangeEvent[] {
  return log.events.slice(from).filter((event) => isEvent(event, 'dns.exchange'))
}
