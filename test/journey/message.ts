/** DNS messages read for the checker (RFC 1035 §4), by code of its own. */

export interface Record {
  readonly name: string
  readonly type: number
  readonly ttl: number
  /** Names in it written out, addresses dotted, the rest in hexadecimal. */
  readonly data: string
}

export interface Message {
  readonly id: number
  readonly reply: boolean
  readonly authoritative: boolean
  readonly recursionDesired: boolean
  readonly rcode: number
  /** As spelt. */
  readonly name: string
  readonly type: number
  readonly questions: number
  readonly answer: readonly Record[]
  readonly authority: readonly Record[]
  readonly additional: readonly Record[]
}

export const A = 1
export const NS = 2
export const OPT = 41

export function readMessage(bytes: Uint8Array): Message {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 12
  const name = (): string => {
    const [text, next] = readName(bytes, at)
    at = next
    return text
  }
  const asked = name()
  const type = view.getUint16(at)
  at += 4
  const records = (count: number): Record[] =>
    Array.from({ length: count }, () => {
      const owner = name()
      const kind = view.getUint16(at)
      const ttl = view.getUint32(at + 4)
      const length = view.getUint16(at + 8)
      const start = at + 10
      at = start + length
      const data =
        kind === A
          ? bytes.subarray(start, at).join('.')
          : kind === NS
            ? readName(bytes, start)[0]
            : Buffer.from(bytes.subarray(start, at)).toString('hex')
      return { name: owner, type: kind, ttl, data }
    })
  const flags = view.getUint16(2)
  return {
    id: view.getUint16(0),
    reply: (flags & 0x8000) !== 0,
    authoritative: (flags & 0x0400) !== 0,
    recursionDesired: (flags & 0x0100) !== 0,
    rcode: flags & 15,
    name: asked,
    type,
    questions: view.getUint16(4),
    answer: records(view.getUint16(6)),
    authority: records(view.getUint16(8)),
    additional: records(view.getUint16(10)),
  }
}

/** The name at a place, with its final dot, and where it ends there. */
function readName(bytes: Uint8Array, start: number): [string, number] {
  let text = ''
  let end = -1
  for (let at = start; ; ) {
    const length = bytes[at]!
    if (length >= 0xc0) {
      if (end < 0) end = at + 2
      at = ((length & 63) << 8) | bytes[at + 1]!
    } else if (length === 0) return [text === '' ? '.' : text, end < 0 ? at + 1 : end]
    else {
      text += `${Buffer.from(bytes.subarray(at + 1, at + 1 + length)).toString('latin1')}.`
      at += 1 + length
    }
  }
}
