/** The suite's end of a connection: says what a case wants, and hears what comes back. */
import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { type Deflation, type FrameOptions, frame, type Role, takeFrame } from './wire.ts'

/** What was heard. */
export type Heard =
  | { readonly type: 'text'; readonly bytes: Buffer; readonly compressed: boolean }
  | { readonly type: 'binary'; readonly bytes: Buffer; readonly compressed: boolean }
  | { readonly type: 'ping' | 'pong'; readonly bytes: Buffer }
  | { readonly type: 'close'; readonly code: number; readonly reason: string }
  | { readonly type: 'end' }

/** What of permessage-deflate was agreed upon. */
export interface Agreed {
  readonly own: Deflation
  readonly other: Deflation
}

const NAMES: { readonly [opcode: number]: 'ping' | 'pong' } = { 9: 'ping', 10: 'pong' }

export class Peer {
  readonly role: Role
  readonly socket: Socket
  readonly agreed: Agreed | null
  #held: Buffer = Buffer.alloc(0)
  #over = false
  #wake: (() => void) | null = null
  #message: { type: 'text' | 'binary'; compressed: boolean; parts: Buffer[] } | null = null

  /** @param early what has come behind the handshake. */
  constructor(role: Role, socket: Socket, early: Buffer, agreed: Agreed | null) {
    this.role = role
    this.socket = socket
    this.agreed = agreed
    this.#held = early
    socket.setNoDelay(true)
    socket.on('data', (bytes: Buffer) => {
      this.#held = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes])
      this.#wake?.()
    })
    const over = () => {
      this.#over = true
      this.#wake?.()
    }
    socket.on('end', over)
    socket.on('close', over)
    socket.on('error', over)
  }

  // Saying

  /** Octets as they are. @param chop cut so, each piece a write of its own. */
  async raw(bytes: Uint8Array, chop = 0): Promise<void> {
    if (chop === 0) return this.#write(bytes)
    for (let at = 0; at < bytes.length; at += chop) await this.#write(bytes.subarray(at, at + chop))
  }

  send(opcode: number, payload: Uint8Array | string, options: FrameOptions & { chop?: number } = {}): Promise<void> {
    return this.raw(frame(this.role, opcode, octets(payload), options), options.chop)
  }

  /** Several frames in one write. */
  frames(list: readonly (readonly [number, Uint8Array | string, FrameOptions?])[]): Promise<void> {
    return this.raw(Buffer.concat(list.map(([opcode, payload, how]) => frame(this.role, opcode, octets(payload), how))))
  }

  close(code?: number, reason: string | Uint8Array = ''): Promise<void> {
    return this.send(8, code === undefined ? octets(reason) : closePayload(code, reason))
  }

  #write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      // Who is under test may have hung up: what a case expects is seen by what is heard.
      this.socket.write(bytes, () => resolve())
    })
  }

  // Hearing

  async hear(): Promise<Heard> {
    for (;;) {
      const taken = takeFrame(this.role === 'client' ? 'server' : 'client', this.#held)
      if (taken !== null) {
        this.#held = taken.rest
        const heard = this.#understand(taken.frame)
        if (heard !== null) return heard
        continue
      }
      if (this.#over) return { type: 'end' }
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  #understand({
    fin,
    rsv,
    opcode,
    payload,
  }: {
    fin: boolean
    rsv: number
    opcode: number
    payload: Buffer
  }): Heard | null {
    if (opcode >= 8) {
      assert.ok(fin && rsv === 0 && payload.length <= 125, 'a control frame is not whole (RFC 6455 §5.5)')
      if (opcode !== 8) return { type: NAMES[opcode]!, bytes: payload }
      assert.notEqual(payload.length, 1, 'a Close frame has one octet')
      const code = payload.length === 0 ? 1005 : payload.readUInt16BE(0)
      return { type: 'close', code, reason: payload.subarray(2).toString() }
    }
    if (opcode === 0) assert.ok(this.#message !== null && rsv === 0, 'a continuation of nothing, or with RSV1')
    else {
      assert.equal(this.#message, null, 'a message within a message')
      assert.ok(opcode <= 2 && (rsv === 0 || (rsv === 4 && this.agreed !== null)), `opcode ${opcode}, RSV ${rsv}`)
      this.#message = { type: opcode === 1 ? 'text' : 'binary', compressed: rsv === 4, parts: [] }
    }
    this.#message!.parts.push(payload)
    if (!fin) return null
    const { type, compressed, parts } = this.#message!
    this.#message = null
    const whole = Buffer.concat(parts)
    return { type, compressed, bytes: compressed ? this.agreed!.other.inflate(whole) : whole }
  }

  async expect(type: 'text' | 'binary' | 'pong' | 'ping', payload: Uint8Array | string): Promise<void> {
    const heard = await this.hear()
    assert.equal(heard.type, type, `expected ${type}, heard ${describe(heard)}`)
    const { bytes } = heard as { bytes: Buffer }
    assert.ok(bytes.equals(octets(payload)), `the ${type} has other octets: ${bytes.length} of them`)
  }

  /** The other side closes, by one of these codes, and the connection ends. Messages before that are let pass. */
  async expectClose(...codes: number[]): Promise<void> {
    const heard = await this.hear()
    assert.equal(heard.type, 'close', `expected a Close frame, heard ${describe(heard)}`)
    const { code } = heard as { code: number }
    assert.ok(codes.includes(code), `the Close frame has ${code}, not ${codes.join(' or ')}`)
    await this.expectEnd()
  }

  /** The other side says no more, and the connection ends: the server does that first (RFC 6455 §7.1.1). */
  async expectEnd(): Promise<void> {
    if (this.role === 'server') this.socket.end()
    const heard = await this.hear()
    assert.equal(heard.type, 'end', `expected the end, heard ${describe(heard)}`)
  }

  /** Closes, and wants the answer. */
  async leave(): Promise<void> {
    await this.close(1000)
    await this.expectClose(1000)
  }
}

export function octets(payload: Uint8Array | string): Uint8Array {
  return typeof payload === 'string' ? Buffer.from(payload) : payload
}

export function closePayload(code: number, reason: string | Uint8Array = ''): Buffer {
  const head = Buffer.alloc(2)
  head.writeUInt16BE(code)
  return Buffer.concat([head, octets(reason)])
}

function describe(heard: Heard): string {
  if (heard.type === 'end') return 'the end of the connection'
  if (heard.type === 'close') return `Close ${heard.code} ${heard.reason}`
  return `${heard.type} of ${heard.bytes.length} octets`
}
