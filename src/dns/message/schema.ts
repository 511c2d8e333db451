/** What the rdata of each type are made of. */
import { type Field, fixed, nameEnd } from './field.ts'
import { TYPE } from './types.ts'

const u16 = fixed(2)
const u32 = fixed(4)
const oldName: Field = { end: nameEnd, name: { compress: true, fold: true } }
const foldedName: Field = { end: nameEnd, name: { compress: false, fold: true } }
const plainName: Field = { end: nameEnd, name: { compress: false, fold: false } }

const string: Field = {
  end: (wire, at, end) => (at < end && at + 1 + wire[at]! <= end ? at + 1 + wire[at]! : -1),
  name: null,
}

const strings: Field = {
  end(wire, at, end) {
    if (at === end) return -1
    let next = at
    while (next >= 0 && next < end) next = string.end(wire, next, end)
    return next
  },
  name: null,
}
const rest: Field = { end: (_wire, _at, end) => end, name: null }

const SCHEMAS: ReadonlyMap<number, readonly Field[]> = new Map<number, readonly Field[]>([
  [TYPE.A, [fixed(4)]],
  [TYPE.AAAA, [fixed(16)]],
  [TYPE.NS, [oldName]],
  [TYPE.CNAME, [oldName]],
  [TYPE.PTR, [oldName]],
  [TYPE.DNAME, [foldedName]],
  [TYPE.MX, [u16, oldName]],
  [TYPE.SOA, [oldName, oldName, u32, u32, u32, u32, u32]],
  [TYPE.TXT, [strings]],
  [TYPE.SRV, [u16, u16, u16, foldedName]],
  [TYPE.HINFO, [string, string]],
  [TYPE.RRSIG, [fixed(18), foldedName, rest]],
  [TYPE.NSEC, [plainName, rest]],
])

/** The fields of that type; undefined for one that this table does not hold: its rdata are opaque (RFC 3597). */
export function schemaOf(type: number): readonly Field[] | undefined {
  return SCHEMAS.get(type)
}
