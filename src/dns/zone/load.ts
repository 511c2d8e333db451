/** From a master file to a zone that can be served. */
import type { Name } from '../message/name.ts'
import { TYPE } from '../message/types.ts'
import { checkZone } from './check.ts'
import { type MasterOptions, readMaster, type ZoneFault } from './master.ts'
import { Zone } from './zone.ts'

export interface LoadedZone {
  /** Null when there is an error among the faults. */
  readonly zone: Zone | null
  /** In the order of the file. */
  readonly faults: readonly ZoneFault[]
}

export interface LoadOptions extends Omit<MasterOptions, 'origin'> {
  /** The zone is named by the owner of its SOA record; `origin` only completes relative names. Default false. */
  readonly originFromSoa?: boolean
}

/** Reads the master file of a zone and checks it. `given` is the zone's name unless `originFromSoa`. Never throws. */
export function loadZone(text: string, given: Name, options: LoadOptions = {}): LoadedZone {
  const { records, faults } = readMaster(text, { ...options, origin: given })
  const soa = options.originFromSoa === true ? records.find((record) => record.type === TYPE.SOA) : undefined
  const origin = soa?.name ?? given
  // Where lines could not be read, what seems to be missing may stand in one of them.
  const all = faults.length > 0 ? [...faults] : checkZone(origin, records, options.file ?? 'zone')
  all.sort((a, b) => (a.file === b.file ? a.line - b.line : 0))
  const good = all.every((fault) => fault.severity === 'warning')
  return { zone: good ? new Zone(origin, records) : null, faults: all }
}
