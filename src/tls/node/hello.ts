/** What a client says first (RFC 8446 §4.1.2): read only while a challenge of an authority is open (RFC 8737). */

/** The two extensions that decide who answers. */
export interface ClientHello {
  /** The name that is asked for, in lower case (RFC 6066 §3); null where there is none. */
  readonly serverName: string | null
  /** Application protocols (RFC 7301 §3.1). */
  readonly protocols: readonly string[]
}

const HANDSHAKE = 22
const CLIENT_HELLO = 1
const SERVER_NAME = 0
const ALPN = 16
/** RFC 8446 §5.1. */
const RECORD_BYTES = 16_384
const HEADER_BYTES = 5
/** Nobody cuts a hello of two kilobytes into more. */
const RECORDS = 4

/** The hello; how many octets there must be at least when it is not whole yet; null for what is none. */
export function readHello(octets: Uint8Array): ClientHello | number | null {
  const message = gathered(octets)
  if (!(message instanceof Uint8Array)) return message
  const reader = new Reader(message, 4)
  reader.skip(2 + 32) // legacy_version, random
  reader.skip(reader.u8()) // legacy_session_id
  reader.skip(reader.u16()) // cipher_suites
  reader.skip(reader.u8()) // legacy_compression_methods
  if (reader.left === 0) return { serverName: null, protocols: [] }
  const extensions = reader.part(reader.u16())
  let serverName: string | null = null
  let protocols: readonly string[] = []
  while (extensions.left > 0) {
    const type = extensions.u16()
    const content = extensions.part(extensions.u16())
    if (type === SERVER_NAME) serverName = nameIn(content)
    else if (type === ALPN) protocols = protocolsIn(content)
    if (extensions.broken) return null
  }
  return reader.broken ? null : { serverName, protocols }
}

/** The message, out of the records that it comes in; or how many octets it needs to go on. */
function gathered(octets: Uint8Array): Uint8Array | number | null {
  let message: Uint8Array = new Uint8Array(0)
  let at = 0
  for (let record = 0; record < RECORDS; record++) {
    const body = at + HEADER_BYTES
    if (octets.length < body) return octets.length > at && octets[at] !== HANDSHAKE ? null : body
    const length = (octets[at + 3]! << 8) | octets[at + 4]!
    if (octets[at] !== HANDSHAKE || octets[at + 1] !== 3 || length === 0 || length > RECORD_BYTES) return null
    at = body + length
    if (octets.length < at) return at
    message = joined(message, octets.subarray(body, at))
    if (message[0] !== CLIENT_HELLO) return null
    if (message.length < 4) continue
    const whole = 4 + ((message[1]! << 16) | (message[2]! << 8) | message[3]!)
    if (message.length >= whole) return message.subarray(0, whole)
  }
  return null
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  if (first.length === 0) return second
  const whole = new Uint8Array(first.length + second.length)
  whole.set(first)
  whole.set(second, first.length)
  return whole
}

/** RFC 6066 §3: a list with one host_name. */
function nameIn(content: Reader): string | null {
  const list = content.part(content.u16())
  if (list.u8() !== 0) return null
  return list.text(list.u16()).toLowerCase()
}

function protocolsIn(content: Reader): readonly string[] {
  const list = content.part(content.u16())
  const protocols: string[] = []
  while (list.left > 0) protocols.push(list.text(list.u8()))
  return protocols
}

/** Reads on and never throws: past the end everything is zero, and it is broken. */
class Reader {
  broken = false
  readonly #octets: Uint8Array
  #at: number

  constructor(octets: Uint8Array, at = 0) {
    this.#octets = octets
    this.#at = at
  }

  get left(): number {
    return Math.max(0, this.#octets.length - this.#at)
  }

  u8(): number {
    if (this.left < 1) this.broken = true
    return this.#octets[this.#at++] ?? 0
  }

  u16(): number {
    return (this.u8() << 8) | this.u8()
  }

  skip(count: number): void {
    if (this.left < count) this.broken = true
    this.#at += count
  }

  part(count: number): Reader {
    if (this.left < count) this.broken = true
    const part = new Reader(this.#octets.subarray(this.#at, this.#at + count))
    this.#at += count
    return part
  }

  text(count: number): string {
    if (this.left < count) this.broken = true
    const text = new TextDecoder('latin1').decode(this.#octets.subarray(this.#at, this.#at + count))
    this.#at += count
    return text
  }
}
