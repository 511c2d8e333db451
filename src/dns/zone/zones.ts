/** The zones of a server, by the names they are asked for. */
import { DnsError } from '../errors.ts'
import type { Name } from '../message/name.ts'
import { TYPE } from '../message/types.ts'
import type { Zone } from './zone.ts'

/** The zones of one server; they may be exchanged while it serves. */
export class Zones {
  readonly #zones = new Map<string, Zone>()

  constructor(zones: Iterable<Zone> = []) {
    for (const zone of zones) this.set(zone)
  }

  /** Serves the zone, in the place of one of the same name. @throws DnsError `DNS_ZONE` for null, a zone with errors */
  set(zone: Zone): void {
    // What `loadZone` gives for a file with an error, when a program did not look.
    if ((zone as Zone | null) === null)
      throw new DnsError('DNS_ZONE', 'the zone is null: its file has errors, look at `faults`')
    this.#zones.set(zone.origin.key, zone)
  }

  get(origin: Name): Zone | undefined {
    return this.#zones.get(origin.key)
  }

  get all(): readonly Zone[] {
    return [...this.#zones.values()]
  }

  /** The nearest zone at or above the name (RFC 1034 §4.3.2 step 2). */
  find(name: Name, type: number): Zone | undefined {
    const at = this.#nearest(name)
    // RFC 4035 §3.1.4.1: DS stands at the parent's side of a cut.
    if (type !== TYPE.DS || at === undefined || !at.origin.equals(name) || name.isRoot) return at
    return this.#nearest(name.parent()) ?? at
  }

  #nearest(name: Name): Zone | undefined {
    // The key of an ancestor is the end of the name's own.
    let { key } = name
    for (;;) {
      const zone = this.#zones.get(key)
      if (zone !== undefined || key.length === 1) return zone
      key = key.slice(key.charCodeAt(0) + 1)
    }
  }
}
