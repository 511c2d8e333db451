/**
 * Domain names (RFC 1035 §3.1): wire bytes with a hash, never dotted strings. The case of letters is kept and does
 * not count (RFC 4343): `equals`, `isUnder`, `compare`, `hash` and `key` all fold it.
 */
import { Fault } from '../../base/fault.ts'
import { FNV_OFFSET, FNV_PRIME } from '../../base/hash.ts'
import { DnsError } from '../errors.ts'

/** RFC 1035 §2.3.4: octets of a name on the wire, length octets and the root's zero among them. */
export const MAX_NAME = 255
/** RFC 1035 §2.3.4: octets of a label. The two high bits of the length octet say that it is a label at all. */
export const MAX_LABEL = 63

/** Octet → octet with A–Z folded to a–z. Length octets are below 64 and so map to themselves. */
export const LOWER: Uint8Array = Uint8Array.from({ length: 256 }, (_, i) => (i >= 65 && i <= 90 ? i + 32 : i))

/**
 * A domain name. Values, never changed once made.
 * @example
 * const name = Name.parse('www.example.org.')
 * name.isUnder(Name.parse('example.org.')) // true
 */
export class Name {
  /** The uncompressed wire form, with the root's zero octet at its end. Not to be written to. */
  readonly wire: Uint8Array
  #hash = -1
  #key = ''

  /** @param wire a valid uncompressed name that the new Name owns; `Name.parse` and `Name.of` check, this does not. */
  constructor(wire: Uint8Array) {
    this.wire = wire
  }

  static readonly root: Name = new Name(new Uint8Array(1))

  /**
   * The name that a text in presentation format says (RFC 1035 §5.1: `\.`, `\DDD`); without a final dot it is
   * relative to `origin`.
   * @throws DnsError `DNS_NAME` with what is wrong and where.
   */
  static parse(text: string, origin: Name = Name.root): Name {
    const parsed = parseName(text, origin)
    if (parsed instanceof Name) return parsed
    throw new DnsError('DNS_NAME', `'${text}' is not a domain name: ${parsed.why} at octet ${parsed.at}`)
  }

  /** The name with those labels, leftmost first, the root's not among them. @throws DnsError `DNS_NAME` */
  static of(labels: readonly Uint8Array[]): Name {
    let length = 1
    for (const label of labels) {
      if (label.length === 0 || label.length > MAX_LABEL)
        throw new DnsError('DNS_NAME', `a label has 1 to ${MAX_LABEL} octets, not ${label.length}`)
      length += 1 + label.length
    }
    if (length > MAX_NAME) throw new DnsError('DNS_NAME', `a name has at most ${MAX_NAME} octets, not ${length}`)
    const wire = new Uint8Array(length)
    let at = 0
    for (const label of labels) {
      wire[at] = label.length
      wire.set(label, at + 1)
      at += 1 + label.length
    }
    return new Name(wire)
  }

  get isRoot(): boolean {
    return this.wire.length === 1
  }

  /** Whether the leftmost label is `*` alone (RFC 4592 §2.1.1). */
  get isWildcard(): boolean {
    return this.wire[0] === 1 && this.wire[1] === 42
  }

  /** How many labels, the root's not counted: 0 for the root, 3 for `www.example.org.`. */
  get labelCount(): number {
    let count = 0
    for (let at = 0; this.wire[at] !== 0; at += this.wire[at]! + 1) count++
    return count
  }

  /** 32 unsigned bits, the same for names that are equal. FNV-1a over the octets folded, rightmost first. */
  get hash(): number {
    if (this.#hash < 0) {
      let hash = FNV_OFFSET
      for (let at = this.wire.length - 1; at >= 0; at--) hash = Math.imul(hash ^ LOWER[this.wire[at]!]!, FNV_PRIME)
      this.#hash = hash >>> 0
    }
    return this.#hash
  }

  /** A string that is the same for equal names and only for them (the folded octets as code units): for `Map`. */
  get key(): string {
    if (this.#key === '') this.#key = foldedText(this.wire)
    return this.#key
  }

  /** The labels as strings that are the same for equal labels and only for them, leftmost first. */
  get labelKeys(): string[] {
    const { key, wire } = this
    const keys: string[] = []
    for (let at = 0; wire[at] !== 0; at += wire[at]! + 1) keys.push(key.slice(at + 1, at + 1 + wire[at]!))
    return keys
  }

  /** The labels, leftmost first, without the root's. Views of `wire`. */
  get labels(): Uint8Array[] {
    const labels: Uint8Array[] = []
    for (let at = 0; this.wire[at] !== 0; at += this.wire[at]! + 1)
      labels.push(this.wire.subarray(at + 1, at + 1 + this.wire[at]!))
    return labels
  }

  /** The name without its leftmost label; the root's is the root. */
  parent(): Name {
    return this.isRoot ? this : new Name(this.wire.subarray(this.wire[0]! + 1))
  }

  /** The rightmost `count` labels; the whole name when it has no more than that. */
  suffix(count: number): Name {
    let surplus = this.labelCount - count
    if (surplus <= 0) return this
    let at = 0
    for (; surplus > 0; surplus--) at += this.wire[at]! + 1
    return new Name(this.wire.subarray(at))
  }

  /** This name with one more label on its left. @throws DnsError `DNS_NAME` */
  child(label: Uint8Array | string): Name {
    const octets = typeof label === 'string' ? new TextEncoder().encode(label) : label
    return Name.of([octets, ...this.labels])
  }

  equals(other: Name): boolean {
    const { wire } = this
    const theirs = other.wire
    if (wire === theirs) return true
    if (wire.length !== theirs.length) return false
    for (let at = 0; at < wire.length; at++) if (LOWER[wire[at]!] !== LOWER[theirs[at]!]) return false
    return true
  }

  /** Whether the octets are the same, case included: what a query with mixed case (0x20) asks of its answer. */
  equalsExactly(other: Name): boolean {
    const theirs = other.wire
    return this.wire.length === theirs.length && this.wire.every((octet, at) => octet === theirs[at])
  }

  /** Whether this is `ancestor` or a name below it. Every name is under the root. */
  isUnder(ancestor: Name): boolean {
    const { wire } = this
    const above = ancestor.wire
    let at = 0
    while (wire.length - at > above.length) at += wire[at]! + 1
    if (wire.length - at !== above.length) return false
    for (let i = 0; i < above.length; i++) if (LOWER[wire[at + i]!] !== LOWER[above[i]!]) return false
    return true
  }

  /** How many rightmost labels the two names share, the root's not counted. */
  sharedLabels(other: Name): number {
    const mine = this.labels
    const theirs = other.labels
    let shared = 0
    while (shared < mine.length && shared < theirs.length) {
      if (compareLabels(mine[mine.length - 1 - shared]!, theirs[theirs.length - 1 - shared]!) !== 0) break
      shared++
    }
    return shared
  }

  /** Canonical order (RFC 4034 §6.1): negative when this name sorts first, 0 when they are equal. */
  compare(other: Name): number {
    const mine = this.labels
    const theirs = other.labels
    const count = Math.min(mine.length, theirs.length)
    for (let i = 1; i <= count; i++) {
      const order = compareLabels(mine[mine.length - i]!, theirs[theirs.length - i]!)
      if (order !== 0) return order
    }
    return mine.length - theirs.length
  }

  /** The same name with its letters in lower case (RFC 4034 §6.2). */
  lower(): Name {
    const wire = new Uint8Array(this.wire.length)
    for (let at = 0; at < wire.length; at++) wire[at] = LOWER[this.wire[at]!]!
    return new Name(wire)
  }

  /**
   * This name with its suffix `from` replaced by `to`, as a DNAME does (RFC 6672 §2.2). Null when the result is
   * longer than a name may be (the answer then is YXDOMAIN) or this name is not under `from`.
   */
  rebase(from: Name, to: Name): Name | null {
    if (!this.isUnder(from)) return null
    const kept = this.wire.length - from.wire.length
    if (kept + to.wire.length > MAX_NAME) return null
    const wire = new Uint8Array(kept + to.wire.length)
    wire.set(this.wire.subarray(0, kept))
    wire.set(to.wire, kept)
    return new Name(wire)
  }

  /** Presentation format with the final dot; what would be misread is escaped (RFC 1035 §5.1, RFC 4343 §2.1). */
  toString(): string {
    if (this.isRoot) return '.'
    let text = ''
    for (let at = 0; this.wire[at] !== 0; at += this.wire[at]! + 1) {
      for (let i = at + 1; i <= at + this.wire[at]!; i++) text += ESCAPED[this.wire[i]!]
      text += '.'
    }
    return text
  }
}

const FOLDED: readonly string[] = Array.from(LOWER, (octet) => String.fromCharCode(octet))

/** The octets as code units, with A–Z folded. */
function foldedText(octets: Uint8Array): string {
  let text = ''
  for (let at = 0; at < octets.length; at++) text += FOLDED[octets[at]!]
  return text
}

function compareLabels(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const order = LOWER[a[i]!]! - LOWER[b[i]!]!
    if (order !== 0) return order
  }
  return a.length - b.length
}

/** How each octet of a label is written: printable ones as they are, those with a meaning in master files escaped. */
const ESCAPED: readonly string[] = Array.from({ length: 256 }, (_, octet) => {
  if (octet <= 32 || octet >= 127) return `\\${String(octet).padStart(3, '0')}`
  const character = String.fromCharCode(octet)
  return '."();@$\\'.includes(character) ? `\\${character}` : character
})

/** As `Name.parse`, with the fault as a value: for texts that come from elsewhere. */
export function parseName(text: string, origin: Name = Name.root): Name | Fault {
  const octets = new TextEncoder().encode(text)
  if (octets.length === 0) return new Fault('the name is empty', 0)
  if (octets.length === 1 && octets[0] === DOT) return Name.root
  const wire = new Uint8Array(MAX_NAME + 1)
  let start = 0 // where the length octet of the current label goes
  let end = 1
  for (let at = 0; at < octets.length; ) {
    const place = at
    let octet = octets[at]!
    if (octet === DOT) {
      if (end === start + 1) return new Fault('a label is empty', at)
      wire[start] = end - start - 1
      start = end++
      at++
      continue
    }
    if (octet === BACKSLASH) {
      const escaped = readEscape(octets, at)
      if (escaped < 0) return new Fault('a backslash needs a character or three digits up to 255 after it', at)
      octet = escaped & 255
      at += escaped >>> 8
    } else at++
    if (end - start - 1 === MAX_LABEL) return new Fault(`a label is longer than ${MAX_LABEL} octets`, place)
    if (end >= MAX_NAME - 1) return new Fault(`the name is longer than ${MAX_NAME} octets`, place)
    wire[end++] = octet
  }
  if (end === start + 1) return new Name(wire.slice(0, end)) // it ended with a dot: the zero octet is the root's
  wire[start] = end - start - 1
  if (end + origin.wire.length > MAX_NAME) return new Fault(`the name is longer than ${MAX_NAME} octets`, octets.length)
  const whole = new Uint8Array(end + origin.wire.length)
  whole.set(wire.subarray(0, end))
  whole.set(origin.wire, end)
  return new Name(whole)
}

const DOT = 46
const BACKSLASH = 92

/** The escape that starts with the backslash at `at`: its octet, with how many octets it took times 256; or -1. */
export function readEscape(octets: Uint8Array, at: number): number {
  const first = octets[at + 1]
  if (first === undefined) return -1
  if (!isDigit(first)) return first | (2 << 8)
  const second = octets[at + 2]
  const third = octets[at + 3]
  if (second === undefined || third === undefined || !isDigit(second) || !isDigit(third)) return -1
  const value = (first - 48) * 100 + (second - 48) * 10 + (third - 48)
  return value > 255 ? -1 : value | (4 << 8)
}

function isDigit(octet: number): boolean {
  return octet >= 48 && octet <= 57
}
