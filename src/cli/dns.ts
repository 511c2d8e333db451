/** `reticle dns serve`: an authoritative server for zone files. */
import { readFileSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { ipVersion } from '../base/ip.ts'
import { serveZones } from '../dns/authority/serve.ts'
import type { Message } from '../dns/message/message.ts'
import { Name, parseName } from '../dns/message/name.ts'
import { rcodeName, typeName } from '../dns/message/types.ts'
import type { Client } from '../dns/server/responder.ts'
import type { DnsServer } from '../dns/server/server.ts'
import { loadZone } from '../dns/zone/load.ts'
import { printFault } from '../dns/zone/master.ts'
import type { Zone } from '../dns/zone/zone.ts'
import { Zones } from '../dns/zone/zones.ts'
import { kernelHost } from '../kernel/index.ts'
import { formatAddress } from '../socket/address.ts'
import { type Call, type Command, UsageError } from './command.ts'
import type { Terminal } from './terminal.ts'

export const dnsServe: Command = {
  name: 'dns serve',
  summary: 'answer DNS queries from zone files',
  usage: '[ORIGIN=]ZONEFILE…',
  details: `Serves the zones with authority, over UDP and TCP. A zone is named by the owner of its SOA record; where that is
relative, by ORIGIN or by the name of the file: example.org.zone, db.example.org.

SIGHUP reads the files again; a file with an error leaves its zone as it was.

  reticle dns serve example.org.zone --port 5353
  dig @127.0.0.1 -p 5353 www.example.org`,
  options: {
    port: { type: 'string', short: 'p', default: '53', value: 'PORT', description: 'UDP and TCP port' },
    address: {
      type: 'string',
      short: 'a',
      multiple: true,
      value: 'ADDRESS',
      description: 'where to listen, may be repeated (127.0.0.1; every interface: 0.0.0.0)',
    },
    'query-log': { type: 'boolean', description: 'print a line for every query' },
  },
  run,
}

async function run({ positionals, values, terminal }: Call): Promise<number> {
  if (positionals.length === 0) throw new UsageError('a zone file is missing')
  const port = Number(values['port'])
  if (!(Number.isInteger(port) && port >= 0 && port <= 65535))
    throw new UsageError(`--port is a number from 0 to 65535, not '${values['port']}'`)
  const addresses = (values['address'] as readonly string[] | undefined) ?? ['127.0.0.1']
  for (const address of addresses)
    if (ipVersion(address) === 0) throw new UsageError(`--address is an IP address, not '${address}'`)
  const zones = new Zones()
  const sources = positionals.map(zoneSource)
  const loaded = sources.map((source) => read(source, terminal))
  if (loaded.includes(null)) return 1
  for (const zone of loaded) zones.set(zone!)

  const host = kernelHost()
  const onAnswer = values['query-log'] === true ? queryLog(terminal) : undefined
  const servers: DnsServer[] = []
  try {
    for (const address of addresses)
      servers.push(await serveZones(host, zones, { at: { address, port }, ...(onAnswer && { onAnswer }) }))
    for (const zone of zones.all) terminal.out(`${zone.origin} serial ${serialOf(zone)}\n`)
    terminal.out(`listening on ${servers.map(({ local }) => formatAddress(local)).join(', ')} (UDP and TCP)\n`)
    await untilInterrupted(terminal, () => reload(sources, zones, terminal))
  } finally {
    await Promise.all(servers.map((server) => server.close()))
  }
  return 0
}

/** Runs `onHangup` at every SIGHUP until the command is to end. */
async function untilInterrupted(terminal: Terminal, onHangup: () => void): Promise<void> {
  process.on('SIGHUP', onHangup)
  await new Promise<void>((done) => {
    if (terminal.interrupted.aborted) done()
    else terminal.interrupted.addEventListener('abort', () => done(), { once: true })
  })
  process.off('SIGHUP', onHangup)
}

function reload(sources: readonly ZoneSource[], zones: Zones, terminal: Terminal): void {
  for (const source of sources) {
    const zone = read(source, terminal)
    if (zone !== null) zones.set(zone)
    terminal.out(zone === null ? `${source.path}: kept as it was\n` : `${zone.origin} serial ${serialOf(zone)}\n`)
  }
}

interface ZoneSource {
  readonly path: string
  /** What relative names of the file are relative to before it says `$ORIGIN`. */
  readonly origin: Name
}

function zoneSource(argument: string): ZoneSource {
  const equals = argument.indexOf('=')
  if (equals > 0) {
    const origin = parseName(argument.slice(0, equals))
    if (!(origin instanceof Name))
      throw new UsageError(`'${argument.slice(0, equals)}' is no domain name: ${origin.why}`)
    return { path: argument.slice(equals + 1), origin }
  }
  const stem = basename(argument)
    .replace(/^(db|pri|zone)\./, '')
    .replace(/\.(zone|db|hosts|txt|master|signed)$/, '')
  const origin = parseName(stem === 'root' ? '.' : stem)
  return { path: argument, origin: origin instanceof Name ? origin : Name.root }
}

/** The zone of that file, or null after its faults were printed. */
function read({ path, origin }: ZoneSource, terminal: Terminal): Zone | null {
  const file = textOf(path)
  if ('why' in file) {
    terminal.error(`${path}: ${file.why}\n`)
    return null
  }
  const include = (name: string, from: string) => textOf(resolve(dirname(from), name))
  const { zone, faults } = loadZone(file.text, origin, { file: path, include, originFromSoa: true })
  for (const fault of faults) terminal.error(`${printFault(fault)}\n`)
  return zone
}

function textOf(path: string): { readonly text: string } | { readonly why: string } {
  try {
    return { text: readFileSync(path, 'utf8') }
  } catch (error) {
    return { why: (error as Error).message }
  }
}

function serialOf(zone: Zone): number {
  const rdata = zone.soa.rdatas[0]!
  return new DataView(rdata.buffer, rdata.byteOffset).getUint32(rdata.length - 20)
}

function queryLog(terminal: Terminal) {
  return (query: Message, reply: Message, { address, transport }: Client) => {
    const { name, type } = query.question[0]!
    const asked = `${name} ${typeName(type)}`
    const counts = `${reply.answer.length}/${reply.authority.length}/${reply.additional.length}`
    const line = `${new Date().toISOString()} ${formatAddress(address)} ${transport} ${asked}`
    terminal.out(`${line} ${rcodeName(reply.rcode)} ${counts}\n`)
  }
}
