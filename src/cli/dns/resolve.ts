/** `reticle dns resolve`: a resolver that walks from the root, or forwards to others, behind a cache. */
import { readFileSync } from 'node:fs'
import { BlockList } from 'node:net'
import { ipVersion } from '../../base/ip.ts'
import { serveDns } from '../../dns/front/server.ts'
import type { ResolverSettings } from '../../dns/iterate/settings.ts'
import { Name, parseName } from '../../dns/message/name.ts'
import { printRdata } from '../../dns/message/rdata/text.ts'
import { TYPE } from '../../dns/message/types.ts'
import { forwarding } from '../../dns/resolver/forwarder.ts'
import { withoutPrivateAddresses } from '../../dns/resolver/local/private.ts'
import { iterating, resolverDriver, resolvingResponder } from '../../dns/resolver/serve.ts'
import { type Upstream, upstream as upstreamAt } from '../../dns/servers/upstream.ts'
import { serverAddress } from '../../dns/stub/resolv-conf.ts'
import { printFault } from '../../dns/zone/fault.ts'
import { readMaster } from '../../dns/zone/master.ts'
import { kernelHost } from '../../kernel/index.ts'
import { familyOf, type IpAddress } from '../../socket/address.ts'
import { type Call, type Command, UsageError } from '../command.ts'
import { frontOptions, listenAddresses, QueryCounter, serveUntilInterrupted, withSignals } from './front.ts'

/** Who may ask unless it is said otherwise: this machine and private networks. An open resolver is a weapon. */
const PRIVATE = ['127.0.0.0/8', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '::1/128', 'fc00::/7', 'fe80::/10']

export const dnsResolve: Command = {
  name: 'dns resolve',
  summary: 'resolve names for others: from the root down, or through other resolvers',
  usage: '',
  details: `Answers from its cache, and finds out what that does not know: from the root servers down, or with --forward
by asking other resolvers in turn. DNSSEC signatures are not checked.

Names of this machine and of private networks (localhost, the reverse zones of RFC 6303) are answered here and asked
of nobody. Walking from the root, addresses of private networks in answers are left out, so that no page from outside
can point at devices inside; --forward leaves that to the resolver that is asked.

SIGHUP empties the cache. SIGUSR1 prints how many queries were answered and what is in the cache.

  reticle dns resolve --port 5353
  reticle dns resolve --port 5353 --forward 192.0.2.53 --forward [2001:db8::53]:53
  dig @127.0.0.1 -p 5353 www.example.org`,
  options: {
    ...frontOptions,
    forward: {
      type: 'string',
      short: 'f',
      multiple: true,
      value: '[tcp://]ADDRESS[:PORT]',
      description: 'a resolver to ask instead of walking from the root, may be repeated',
    },
    hints: { type: 'string', value: 'FILE', description: 'the addresses of the root servers, as in named.root' },
    allow: {
      type: 'string',
      multiple: true,
      value: 'PREFIX',
      description: 'who may ask, may be repeated; all: 0.0.0.0/0, ::/0 (this machine and private networks)',
    },
    'private-domain': {
      type: 'string',
      multiple: true,
      value: 'NAME',
      description: 'a name whose addresses, and those of names below it, may be private; may be repeated',
    },
    'allow-private-addresses': {
      type: 'boolean',
      description: 'believe private addresses in answers of the public DNS: pages can then reach devices inside',
    },
    'no-ipv6': { type: 'boolean', description: 'reach name servers over IPv4 only' },
    'allow-loopback-servers': {
      type: 'boolean',
      description: 'believe zones whose name servers are on this machine; for laboratories',
    },
  },
  run,
}

async function run({ positionals, values, terminal }: Call): Promise<number> {
  if (positionals.length > 0) throw new UsageError(`'${positionals[0]}' is one argument too many`)
  const addresses = listenAddresses(values)
  const settings = settingsOf(values)
  const allowed = prefixes((values['allow'] as readonly string[] | undefined) ?? PRIVATE)
  const mayAsk = ({ address }: IpAddress) => allowed.check(address, familyOf(address) === 4 ? 'ipv4' : 'ipv6')
  const host = kernelHost()
  const driver = resolverDriver(host, values['forward'] === undefined ? 'resolver' : 'forwarder', settings)
  const responder = resolvingResponder(driver, { mayAsk })
  const counter = new QueryCounter(terminal, values)
  const { cache } = driver.resolver
  const signals = {
    hangup() {
      cache.clear()
      terminal.out('the cache is empty\n')
    },
    statistics: () => terminal.out(`${counter.text()}; sets of records in the cache ${cache.rrsets.size}\n`),
  }
  return withSignals(signals, async () => {
    await serveUntilInterrupted(terminal, addresses, (at) =>
      serveDns(host, responder, { at, onAnswer: counter.onAnswer }),
    )
    return 0
  })
}

/** @throws UsageError */
function settingsOf(values: Call['values']): Partial<ResolverSettings> {
  const upstream = ((values['forward'] as readonly string[] | undefined) ?? []).map(upstreamOf)
  const hintsFile = values['hints'] as string | undefined
  if (upstream.length > 0 && hintsFile !== undefined)
    throw new UsageError('--hints is for walking from the root, --forward for not doing so: give one of them')
  const base =
    upstream.length > 0
      ? forwarding(upstream, 'fastest')
      : iterating(hintsFile === undefined ? undefined : rootServers(hintsFile))
  const { policies = [] } = base
  const open = upstream.length > 0 || values['allow-private-addresses'] === true
  const inside = ((values['private-domain'] as readonly string[] | undefined) ?? []).map(domainOf)
  return {
    ...base,
    policies: open ? policies : [...policies, withoutPrivateAddresses({ allowed: inside })],
    ...(values['no-ipv6'] === true && { families: [4] as const }),
    ...(values['allow-loopback-servers'] === true && { allowLoopbackServers: true }),
  }
}

/** @throws UsageError */
function domainOf(text: string): Name {
  const name = parseName(text)
  if (name instanceof Name) return name
  throw new UsageError(`--private-domain: '${text}' is not a domain name: ${name.why}`)
}

/** `192.0.2.1`, `192.0.2.1:5353`, `2001:db8::1`, `[2001:db8::1]:5353`, `tcp://192.0.2.1`. @throws UsageError */
function upstreamOf(text: string): Upstream {
  const overTcp = text.startsWith('tcp://')
  const at = serverAddress(overTcp ? text.slice('tcp://'.length) : text)
  if (at !== undefined) return upstreamAt(at, overTcp ? 'tcp' : 'plain')
  throw new UsageError(
    `--forward is an IP address, maybe with a port as in 192.0.2.1:53 or [2001:db8::1]:53, not '${text}'`,
  )
}

/** The addresses in a root hints file, which is a master file. @throws UsageError */
function rootServers(path: string): IpAddress[] {
  const { records, faults } = readMaster(readFileSync(path, 'utf8'), { origin: Name.root, file: path })
  const errors = faults.filter(({ severity }) => severity === 'error')
  if (errors.length > 0) throw new UsageError(errors.map(printFault).join('\n'))
  const found = records.filter(({ type }) => type === TYPE.A || type === TYPE.AAAA)
  if (found.length === 0) throw new UsageError(`${path}: there is no A or AAAA record of a root server in it`)
  return found.map(({ type, rdata }) => ({ address: printRdata(type, rdata), port: 53 }))
}

function prefixes(texts: readonly string[]): BlockList {
  const list = new BlockList()
  for (const text of texts) {
    const [address = '', length] = text.split('/')
    const version = ipVersion(address)
    const most = version === 4 ? 32 : 128
    const bits = length === undefined ? most : /^\d+$/.test(length) ? Number(length) : Number.NaN
    if (version === 0 || !(bits <= most)) throw new UsageError(`--allow is a prefix as in 192.0.2.0/24, not '${text}'`)
    list.addSubnet(address, bits, version === 4 ? 'ipv4' : 'ipv6')
  }
  return list
}
