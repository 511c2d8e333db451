/** Octets of ASN.1 in its distinguished encoding (X.690), taken apart. What is broken ends early and never throws. */

/** A value of ASN.1 in its octets: where its content begins and ends. */
export interface Element {
  readonly tag: number
  readonly start: number
  readonly end: number
}

/** What stands inside a constructed value. */
export function elements(octets: Uint8Array, { start, end }: Element): readonly Element[] {
  const found: Element[] = []
  for (let at = start; at < end; ) {
    const element = elementAt(octets, at, end)
    if (element === null) break
    found.push(element)
    at = element.end
  }
  return found
}

/** X.690 §8.1: one octet of tag, the length in a short or a long form. */
export function elementAt(octets: Uint8Array, at: number, limit: number): Element | null {
  const tag = octets[at]
  const first = octets[at + 1]
  if (tag === undefined || first === undefined || at + 2 > limit) return null
  let start = at + 2
  let length = first
  if (first >= 0x80) {
    const count = first & 0x7f
    if (count === 0 || count > 3 || start + count > limit) return null
    length = 0
    for (let i = 0; i < count; i++) length = length * 256 + octets[start + i]!
    start += count
  }
  return start + length > limit ? null : { tag, start, end: start + length }
}
