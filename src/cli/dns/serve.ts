/** `reticle dns serve`: an authoritative server for zone files. */
import { readFileSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { serveZones } from '../../dns/authority/serve.ts'
import { Name, parseName } from '../../dns/message/name.ts'
import { loadZone } from '../../dns/zone/load.ts'
import { printFault } from '../../dns/zone/master.ts'
import type { Zone } from '../../dns/zone/zone.ts'
import { Zones } from '../../dns/zone/zones.ts'
import { kernelHost } from '../../kernel/index.ts'
import { type Call, type Command, UsageError } from '../command.ts'
import type { Terminal } from '../terminal.ts'
import { frontOptions, listenAddresses, queryLog, serveUntilInterrupted } from './front.ts'

export const dnsServe: Command = {
  name: 'dns serve',
  summary: 'answer DNS queries from zone files',
  usage: '[ORIGIN=]ZONEFILE…',
  details: `Serves the zones with authority, over UDP and TCP. A zone is named by the owner of its SOA record; where that is
relative, by ORIGIN or by the name of the file: example.org.zone, db.example.org.

SIGHUP reads the files again; a file with an error leaves its zone as it was.

  reticle dns serve example.org.zone --port 5353
  dig @127.0.0.1 -p 5353 www.example.org`,
  options: frontOptions,
  run,
}

async function run({ positionals, values, terminal }: Call): Promise<number> {
  if (positionals.length === 0) throw new UsageError('a zone file is missing')
  const addresses = listenAddresses(values)
  const zones = new Zones()
  const sources = positionals.map(zoneSource)
  const loaded = sources.map((source) => read(source, terminal))
  if (loaded.includes(null)) return 1
  for (const [i, zone] of loaded.entries()) {
    const { origin } = zone!
    const other = loaded.findIndex((each) => each!.origin.equals(origin))
    if (other !== i) {
      terminal.error(`${sources[i]!.path}: the zone ${origin} is in ${sources[other]!.path} already\n`)
      return 1
    }
    zones.set(zone!)
  }
  for (const zone of zones.all) terminal.out(`${zone.origin} serial ${serialOf(zone)}\n`)

  const host = kernelHost()
  const onAnswer = values['query-log'] === true ? queryLog(terminal) : undefined
  await serveUntilInterrupted(
    terminal,
    addresses,
    (at) => serveZones(host, zones, { at, ...(onAnswer && { onAnswer }) }),
    () => reload(sources, zones, terminal),
  )
  return 0
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
