/** `reticle dns resolve`: a resolver that walks from the root, or forwards to others, behind a cache. */
import { readFileSync } from 'node:fs'
import { BlockList } from 'node:net'
import { ipVersion } from '../../base/ip.ts'
import { serveDns } from '../../dns/front/server.ts'
import { Name } from '../../dns/message/name.ts'
import { printRdata } from '../../dns/message/rdata/text.ts'
import { TYPE } from '../../dns/message/types.ts'
import { forwarding } from '../../dns/resolver/forwarder.ts'
import { resolverDriver, resolvingResponder } from '../../dns/resolver/serve.ts'
import { printFault, readMaster } from '../../dns/zone/master.ts'
import { kernelHost } from '../../kernel/index.ts'
import { familyOf, type IpAddress } from '../../socket/address.ts'
import { type Call, type Command, UsageError } from '../command.ts'
import { frontOptions, listenAddresses, queryLog, serveUntilInterrupted } from './front.ts'

/** Who may ask unless it is said otherwise: this machine and private networks. An open resolver is a weapon. */
const PRIVATE = ['127.0.0.0/8', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '::1/128', 'fc00::/7', 'fe80::/10']

export const dnsResolve: Command = {
  name: 'dns resolve',
  summary: 'resolve names for others: from the root down, or through other resolvers',
  usage: '',
  details: `Answers from its cache, and finds out what that does not know: from the root servers down, or with --forward
by asking other resolvers in turn. DNSSEC signatures are not checked.

SIGHUP empties the cache.

  reticle dns resolve --port 5353
  reticle dns resolve --port 5353 --forward 192.0.2.53 --forward [2001:db8::53]:53
  dig @127.0.0.1 -p 5353 www.example.org`,
  options: {
    ...frontOptions,
    forward: {
      type: 'string',
      short: 'f',
      multiple: true,
      value: 'ADDRESS[:PORT]',
      description: 'a resolver to ask instead of walking from the root, may be repeated',
    },
    hints: { type: 'string', value: 'FILE', description: 'the addresses of the root servers, as in named.root' },
    allow: {
      type: 'string',
      multiple: true,
      value: 'PREFIX',
      description: 'who may ask, may be repeated; all: 0.0.0.0/0, ::/0 (this machine and private networks)',
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
  const upstream = ((values['forward'] as readonly string[] | undefined) ?? []).map(serverAddress)
  const hintsFile = values['hints'] as string | undefined
  if (upstream.length > 0 && hintsFile !== undefined)
    throw new UsageError('--hints is for walking from the root, --forward for not doing so: give one of them')
  const hints = hintsFile === undefined ? undefined : rootServers(hintsFile)
  const allowed = prefixes((values['allow'] as readonly string[] | undefined) ?? PRIVATE)
  const stage = upstream.length > 0 ? 'forwarder' : 'resolver'
  const settings = {
    ...(upstream.length > 0 && forwarding(upstream, 'fastest')),
    ...(hints && { zones: [{ zone: Name.root, servers: hints, forwarding: false }] }),
    ...(values['no-ipv6'] === true && { families: [4] as const }),
    ...(values['allow-loopback-servers'] === true && { allowLoopbackServers: true }),
  }
  const host = kernelHost()
  const driver = resolverDriver(host, stage, settings)
  const mayAsk = ({ address }: IpAddress) => allowed.check(address, familyOf(address) === 4 ? 'ipv4' : 'ipv6')
  const responder = resolvingResponder(host, stage, driver, { mayAsk })
  const onAnswer = values['query-log'] === true ? queryLog(terminal) : undefined
  await serveUntilInterrupted(
    terminal,
    addresses,
    (at) => serveDns(host, responder, { at, ...(onAnswer && { onAnswer }) }),
    () => {
      driver.resolver.cache.clear()
      terminal.out('the cache is empty\n')
    },
  )
  return 0
}

/** `192.0.2.1`, `192.0.2.1:5353`, `2001:db8::1`, `[2001:db8::1]:5353`. @throws UsageError */
function serverAddress(text: string): IpAddress {
  const [, bracketed, plain, port = '53'] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text) ?? []
  const address = ipVersion(text) !== 0 ? text : (bracketed ?? plain ?? '')
  if (ipVersion(address) === 0 || Number(port) > 65535 || Number(port) === 0)
    throw new UsageError(
      `--forward is an IP address, maybe with a port as in 192.0.2.1:53 or [2001:db8::1]:53, not '${text}'`,
    )
  return { address, port: ipVersion(text) !== 0 ? 53 : Number(port) }
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
