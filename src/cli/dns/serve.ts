/** `reticle dns serve`: an authoritative server for zone files. */
import { readFileSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { serveZones } from '../../dns/authority/serve.ts'
import { Name, parseName } from '../../dns/message/name.ts'
import { printFault } from '../../dns/zone/fault.ts'
import { loadZoneGently } from '../../dns/zone/load.ts'
import type { Zone } from '../../dns/zone/zone.ts'
import { Zones } from '../../dns/zone/zones.ts'
import { kernelHost } from '../../kernel/index.ts'
import { type Call, type Command, UsageError } from '../command.ts'
import type { Terminal } from '../terminal.ts'
import { frontOptions, listenAddresses, QueryCounter, serveUntilInterrupted, withSignals } from './front.ts'

export const dnsServe: Command = {
  name: 'dns serve',
  summary: 'answer DNS queries from zone files',
  usage: '[ORIGIN=]ZONEFILE…',
  details: `Serves the zones with authority, over UDP and TCP. A zone is named by the owner of its SOA record; where that is
relative, by ORIGIN or by the name of the file: example.org.zone, db.example.org.

SIGHUP reads the files again while the server goes on answering; a file with an error leaves its zone as it was.
SIGUSR1 prints how many queries were answered.

  reticle dns serve example.org.zone --port 5353
  dig @127.0.0.1 -p 5353 www.example.org`,
  options: frontOptions,
  run,
}

async function run({ positionals, values, terminal }: Call): Promise<number> {
  if (positionals.length === 0) throw new UsageError('a zone file is missing')
  const addresses = listenAddresses(values)
  const held = new HeldZones(positionals.map(zoneSource), terminal)
  const counter = new QueryCounter(terminal, values)
  const signals = {
    hangup: () => held.reload(),
    statistics: () => terminal.out(`${counter.text()}; reloads ${held.reloads}, failed ${held.failedReloads}\n`),
  }
  return withSignals(signals, async () => {
    if (!(await held.load())) return 1
    const host = kernelHost()
    await serveUntilInterrupted(terminal, addresses, (at) =>
      serveZones(host, held.zones, { at, onAnswer: counter.onAnswer }),
    )
    return 0
  })
}

/** The zones of the files, read at the start and again at every SIGHUP. */
class HeldZones {
  readonly zones = new Zones()
  /** Files read again, and those of them that had an error. */
  reloads = 0
  failedReloads = 0
  readonly #sources: readonly ZoneSource[]
  readonly #terminal: Terminal
  /** Whether the files are being read, and whether they are to be read once more afterwards. */
  #state: 'still' | 'reading' | 'reading, again' = 'still'

  constructor(sources: readonly ZoneSource[], terminal: Terminal) {
    this.#sources = sources
    this.#terminal = terminal
  }

  /** Reads all files; false when one cannot be served. */
  async load(): Promise<boolean> {
    this.#state = 'reading'
    const paths = new Map<string, string>()
    for (const source of this.#sources) {
      const zone = await this.#read(source)
      if (zone === null) return false
      const other = paths.get(zone.origin.key)
      if (other !== undefined) {
        this.#terminal.error(`${source.path}: the zone ${zone.origin} is in ${other} already\n`)
        return false
      }
      paths.set(zone.origin.key, source.path)
      this.zones.set(zone)
    }
    for (const zone of this.zones.all) this.#terminal.out(`${zone.origin} serial ${zone.serial}\n`)
    this.#settle()
    return true
  }

  /** Reads all files again, one after the other; when that is going on already, once more afterwards. */
  reload(): void {
    if (this.#state !== 'still') {
      this.#state = 'reading, again'
      return
    }
    this.#state = 'reading'
    void this.#again()
  }

  async #again(): Promise<void> {
    for (const source of this.#sources) {
      this.reloads++
      const zone = await this.#read(source)
      if (zone === null) {
        this.failedReloads++
        this.#terminal.error(`${source.path}: the zone stays as it was\n`)
      } else this.#replace(zone, source)
    }
    this.#settle()
  }

  #replace(zone: Zone, { path }: ZoneSource): void {
    const before = this.zones.get(zone.origin)
    // RFC 1982 §3.2: secondaries take a zone whose serial is behind theirs for an old one.
    if (before !== undefined && (zone.serial - before.serial) << 0 < 0)
      this.#terminal.error(
        `${path}: warning: the serial of ${zone.origin} goes back from ${before.serial} to ${zone.serial}: secondaries will not take the new zone\n`,
      )
    this.zones.set(zone)
    this.#terminal.out(`${zone.origin} serial ${zone.serial}\n`)
  }

  /** Still now, unless a signal has come meanwhile. */
  #settle(): void {
    const again = this.#state === 'reading, again'
    this.#state = 'still'
    if (again) this.reload()
  }

  /** The zone of that file, or null after its faults were printed. Others have their turn meanwhile. */
  async #read({ path, origin }: ZoneSource): Promise<Zone | null> {
    const file = textOf(path)
    if ('why' in file) {
      this.#terminal.error(`${path}: ${file.why}\n`)
      return null
    }
    const include = (name: string, from: string) => textOf(resolve(dirname(from), name))
    const pause = () => new Promise<void>((done) => setImmediate(done))
    const options = { file: path, include, originFromSoa: true }
    const { zone, faults } = await loadZoneGently(file.text, origin, options, pause)
    for (const fault of faults) this.#terminal.error(`${printFault(fault)}\n`)
    return zone
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
      throw new UsageError(`'${argument.slice(0, equals)}' is not a domain name: ${origin.why}`)
    return { path: argument.slice(equals + 1), origin }
  }
  const stem = basename(argument)
    .replace(/^(db|pri|zone)\./, '')
    .replace(/\.(zone|db|hosts|txt|master|signed)$/, '')
  const origin = parseName(stem === 'root' ? '.' : stem)
  return { path: argument, origin: origin instanceof Name ? origin : Name.root }
}

function textOf(path: string): { readonly text: string } | { readonly why: string } {
  try {
    return { text: readFileSync(path, 'utf8') }
  } catch (error) {
    return { why: (error as Error).message }
  }
}
