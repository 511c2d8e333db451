/** DNS-01 (RFC 8555 §8.4): the answer is a TXT record, in a zone that this program's own DNS server serves. */
import {
  Name,
  parseRdata,
  type ResourceRecord,
  readRdata,
  recordsOf,
  TYPE,
  writeRdata,
  type Zone,
  type Zones,
} from '../../dns/index.ts'
import { CertificateError } from '../errors.ts'
import { type Challenge, recordText, type Solver } from './challenge.ts'

/** Seconds that the record may be kept: the next order has another one. */
const TTL = 60

/**
 * Challenges are answered by the zones of this program's DNS server, which the world must ask for these names. The only way
 * to a certificate for a wildcard.
 * @param zones those that `serveZones` serves; each change raises the zone's serial
 * @example
 * const zones = new Zones([zone])
 * await serveZones(host, zones, { at: { address: '0.0.0.0', port: 53 } })
 * const solvers = [dns01(zones)]
 */
export function dns01(zones: Zones): Solver {
  return {
    type: 'dns-01',
    present: (challenge) => change(zones, challenge, 'add'),
    withdraw: (challenge) => change(zones, challenge, 'remove'),
  }
}

function change(zones: Zones, challenge: Challenge, how: 'add' | 'remove'): void {
  const name = Name.parse(`_acme-challenge.${challenge.name}.`)
  const zone = zones.find(name, TYPE.TXT)
  if (zone === undefined)
    throw new CertificateError(
      'CERTIFICATE_SETTINGS',
      `dns01: none of the zones has ${name}: give dns01 the zone of ${challenge.name}`,
    )
  const record: ResourceRecord = {
    name,
    type: TYPE.TXT,
    class: zone.class,
    ttl: TTL,
    rdata: parseRdata(TYPE.TXT, `"${recordText(challenge)}"`),
  }
  // What was changed meanwhile by others stays: the zone is looked up anew each time.
  const { remove, add } = raised(zone)
  zones.set(zone.apply(how === 'add' ? { remove, add: [...add, record] } : { remove: [...remove, record], add }))
}

/** The SOA record with the next serial (RFC 1982): secondaries fetch the zone by it. */
function raised(zone: Zone): { readonly remove: ResourceRecord[]; readonly add: ResourceRecord[] } {
  const [old] = recordsOf(zone.soa) as [ResourceRecord]
  const values = readRdata('SOA', old.rdata)
  const rdata = writeRdata('SOA', { ...values, serial: (values.serial + 1) >>> 0 })
  return { remove: [old], add: [{ ...old, rdata }] }
}
