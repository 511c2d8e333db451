/**
 * The Huffman code of HPACK (RFC 7541 §5.2, Appendix B). The code is canonical: symbols of one length have consecutive codes in the
 * order of the symbols, and the codes of a length follow those of the length before. The lengths say everything.
 */

/** Bits of each octet's code; the last is that of EOS. */
const LENGTHS = Uint8Array.of(
  ...[13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28],
  ...[28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15],
  ...[6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6],
  ...[15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22],
  ...[20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23],
  ...[23, 24, 22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22],
  ...[22, 22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26],
  ...[27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27],
  ...[26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30],
)
const EOS = 256
const SYMBOLS = 257
const LONGEST = 30

/** Right-aligned. */
const CODES = codes()

function codes(): Uint32Array {
  const found = new Uint32Array(SYMBOLS)
  let next = 0
  for (let length = 1; length <= LONGEST; length++) {
    next *= 2
    for (let symbol = 0; symbol < SYMBOLS; symbol++) if (LENGTHS[symbol] === length) found[symbol] = next++
  }
  return found
}

/**
 * The code's tree, walked four bits at a time. One entry for each inner node and each four bits: the node they lead to, and
 * the symbol that was complete on the way, of which there is one at most, since the shortest code has five bits.
 */
interface Machine {
  readonly steps: Int32Array
  /** Whether a string may end in this node: the bits since the last symbol are a beginning of EOS, of 7 bits at most. */
  readonly ends: Uint8Array
}

const EMITS = 1 << 16
const FAILS = 1 << 17

let machine: Machine | null = null

function build(): Machine {
  // Inner nodes: two children each, a node's number or -1 - symbol.
  const children: number[] = [0, 0]
  const paths: { bits: number; ones: boolean }[] = [{ bits: 0, ones: true }]
  for (let symbol = 0; symbol < SYMBOLS; symbol++) {
    let node = 0
    for (let bit = LENGTHS[symbol]! - 1; bit > 0; bit--) {
      const side = (CODES[symbol]! >>> bit) & 1
      let next = children[node * 2 + side]!
      if (next === 0) {
        next = paths.length
        children[node * 2 + side] = next
        children.push(0, 0)
        const { bits, ones } = paths[node]!
        paths.push({ bits: bits + 1, ones: ones && side === 1 })
      }
      node = next
    }
    children[node * 2 + (CODES[symbol]! & 1)] = -1 - symbol
  }
  const steps = new Int32Array(paths.length * 16)
  for (let node = 0; node < paths.length; node++)
    for (let four = 0; four < 16; four++) steps[node * 16 + four] = step(children, node, four)
  return { steps, ends: Uint8Array.from(paths, ({ bits, ones }) => (ones && bits <= 7 ? 1 : 0)) }
}

function step(children: readonly number[], from: number, four: number): number {
  let node = from
  let entry = 0
  for (let bit = 3; bit >= 0; bit--) {
    const next = children[node * 2 + ((four >> bit) & 1)]!
    if (next >= 0) node = next
    else {
      const symbol = -1 - next
      if (symbol === EOS) return FAILS
      entry = EMITS | (symbol << 8)
      node = 0
    }
  }
  return entry | node
}

/** How many octets a coded string of `length` octets can become. */
export function mostDecoded(length: number): number {
  return Math.ceil((length * 8) / 5)
}

/**
 * Decodes into `into`, which has room for `mostDecoded`; the number of octets, or -1 for what is no code: EOS within, or
 * padding that is not the beginning of EOS (RFC 7541 §5.2).
 */
export function decodeHuffman(bytes: Uint8Array, from: number, to: number, into: Uint8Array): number {
  machine ??= build()
  const { steps, ends } = machine
  let length = 0
  let entry = 0
  for (let at = from; at < to; at++) {
    const octet = bytes[at]!
    entry = steps[((entry & 0xff) << 4) | (octet >> 4)]!
    if ((entry & EMITS) !== 0) into[length++] = (entry >> 8) & 0xff
    else if (entry === FAILS) return -1
    entry = steps[((entry & 0xff) << 4) | (octet & 15)]!
    if ((entry & EMITS) !== 0) into[length++] = (entry >> 8) & 0xff
    else if (entry === FAILS) return -1
  }
  return ends[entry & 0xff] === 1 ? length : -1
}

/** Octets of the code for a text whose characters are all below U+0100. */
export function huffmanLength(text: string): number {
  let bits = 0
  for (let i = 0; i < text.length; i++) bits += LENGTHS[text.charCodeAt(i)]!
  return (bits + 7) >>> 3
}

/** Writes the code; returns where it ends. */
export function writeHuffman(into: Uint8Array, start: number, text: string): number {
  let at = start
  let rest = 0
  let bits = 0
  for (let i = 0; i < text.length; i++) {
    const symbol = text.charCodeAt(i)
    let code = CODES[symbol]!
    let length = LENGTHS[symbol]!
    if (length > 24) {
      // Seven bits of rest and a long code are more than 32.
      length -= 16
      rest = (rest << length) | (code >>> 16)
      code &= 0xffff
      for (bits += length; bits >= 8; ) into[at++] = rest >>> (bits -= 8)
      rest &= (1 << bits) - 1
      length = 16
    }
    rest = (rest << length) | code
    for (bits += length; bits >= 8; ) into[at++] = rest >>> (bits -= 8)
    rest &= (1 << bits) - 1
  }
  // RFC 7541 §5.2: padded with the most significant bits of EOS.
  if (bits > 0) into[at++] = (rest << (8 - bits)) | (0xff >> bits)
  return at
}
