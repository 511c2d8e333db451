/** Names that are never asked for (RFC 6761, RFC 7686): a resolver answers them itself, out of small zones of its own. */
import type { Policy } from '../../iterate/policy.ts'
import { Name } from '../../message/name.ts'
import { TYPE } from '../../message/types.ts'
import type { Zone } from '../../zone/zone.ts'
import { Zones } from '../../zone/zones.ts'
import { fromZones, smallZone } from './zones.ts'

/** RFC 6761 §6.3: address queries get the loopback address, at every depth; all others have no data. */
function localhost(): Zone {
  const loopback4 = Uint8Array.of(127, 0, 0, 1)
  const loopback6 = new Uint8Array(16)
  loopback6[15] = 1
  const data = [
    [TYPE.A, loopback4],
    [TYPE.AAAA, loopback6],
  ] as const
  return smallZone(Name.parse('localhost.'), data, data)
}

/** `localhost.`, and the names that exist nowhere: `invalid.` (RFC 6761 §6.4), `onion.` (RFC 7686 §2). */
export function specialNames(): Policy {
  const zones = () => new Zones([localhost(), ...['invalid.', 'onion.'].map((name) => smallZone(Name.parse(name)))])
  return fromZones(zones)
}
