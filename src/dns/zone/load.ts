/** From a master file to a zone that can be served. */
import type { Name } from '../message/name.ts'
import { TYPE } from '../message/types.ts'
import { checkWork } from './check.ts'
import type { ZoneFault } from './fault.ts'
import { type MasterOptions, masterWork } from './master.ts'
import { runGently, runThrough, type Work } from './work.ts'
import { Zone } from './zone.ts'

/** What came of reading a zone. */
export interface LoadedZone {
  /** Null when there is an error among the faults. */
  readonly zone: Zone | null
  /** In the order of the file. */
  readonly faults: readonly ZoneFault[]
}

/** How a zone is read. */
export interface LoadOptions extends Omit<MasterOptions, 'origin'> {
  /** The zone is named by the owner of its SOA record; `origin` only completes relative names. Default false. */
  readonly originFromSoa?: boolean
}

/**
 * Reads the master file of a zone and checks it. Never throws. A file of 100,000 records takes about a second: a
 * server that is running takes `loadZoneGently`.
 * @param given the zone's name unless `originFromSoa`.
 * @example
 * const { zone, faults } = loadZone(readFileSync('example.org.zone', 'utf8'), Name.parse('example.org.'))
 * for (const fault of faults) console.error(printFault(fault))
 */
export function loadZone(text: string, given: Name, options: LoadOptions = {}): LoadedZone {
  return runThrough(loadWork(text, given, options))
}

/**
 * As `loadZone`, in steps of a few milliseconds. Rejects only with what `pause` rejects with.
 * @param pause lets the others have their turn: `() => new Promise(setImmediate)` in Node.
 */
export function loadZoneGently(
  text: string,
  given: Name,
  options: LoadOptions,
  pause: () => Promise<void>,
): Promise<LoadedZone> {
  return runGently(loadWork(text, given, options), pause)
}

function* loadWork(text: string, given: Name, options: LoadOptions): Work<LoadedZone> {
  const { records, faults } = yield* masterWork(text, { ...options, origin: given })
  const soa = options.originFromSoa === true ? records.find((record) => record.type === TYPE.SOA) : undefined
  const origin = soa?.name ?? given
  // Where lines could not be read, what seems to be missing may stand in one of them.
  const all = faults.length > 0 ? [...faults] : yield* checkWork(origin, records, options)
  all.sort((a, b) => (a.file === b.file ? a.line - b.line : 0))
  const good = all.every((fault) => fault.severity === 'warning')
  return { zone: good ? yield* Zone.work(origin, records) : null, faults: all }
}
