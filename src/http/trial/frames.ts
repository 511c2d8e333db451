/** A peer that sends exactly the frames that a test gives it, and keeps those that come back. */

import type { SocketError } from '../../base/errors.ts'
import { putU32, u32 } from '../../base/octets.ts'
import type { Connection, ConnectionOwner } from '../../socket/host.ts'
import { FRAME_HEAD, FrameType, PREFACE } from '../h2/codes.ts'
import { FrameReader } from '../h2/frame-reader.ts'
import { Decoder, FieldList } from '../h2/hpack/decoder.ts'
import { Encoder } from '../h2/hpack/encoder.ts'
import { latin1Bytes } from '../machine/text.ts'

export type Octets = Uint8Array

export function join(...parts: readonly Octets[]): Octets {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

export function numbers(...values: readonly number[]): Octets {
  const bytes = new Uint8Array(values.length * 4)
  for (const [i, value] of values.entries()) putU32(bytes, i * 4, value)
  return bytes
}

export function frame(type: number, flags: number, stream: number, payload: Octets | string = ''): Octets {
  const content = typeof payload === 'string' ? latin1Bytes(payload) : payload
  const head = new Uint8Array(FRAME_HEAD)
  putU32(head, 0, content.length * 256 + type)
  head[4] = flags
  putU32(head, 5, stream)
  return join(head, content)
}

/** @param values name, value, name, value */
export function settingsFrame(...values: readonly number[]): Octets {
  const payload = new Uint8Array(values.length * 3)
  for (let i = 0; i < values.length; i += 2) {
    payload[i * 3 + 1] = values[i]!
    putU32(payload, i * 3 + 2, values[i + 1]!)
  }
  return frame(FrameType.settings, 0, 0, payload)
}

/** A header block whose fields are in no table: what a test says is what goes out. */
export function block(...fields: readonly string[]): Octets {
  const parts: Octets[] = []
  for (const text of fields.flatMap((field, i) => (i % 2 === 0 ? ['\0', field] : [field]))) {
    if (text === '\0') parts.push(Uint8Array.of(0))
    else if (text.length < 127) parts.push(Uint8Array.of(text.length), latin1Bytes(text))
    else parts.push(longString(text))
  }
  return join(...parts)
}

function longString(text: string): Octets {
  const octets = [127]
  let rest = text.length - 127
  for (; rest >= 128; rest >>>= 7) octets.push(128 | (rest & 127))
  octets.push(rest)
  return join(Uint8Array.from(octets), latin1Bytes(text))
}

export const GET: readonly string[] = [':method', 'GET', ':scheme', 'http', ':path', '/', ':authority', 'web']
export const POST: readonly string[] = [':method', 'POST', ':scheme', 'http', ':path', '/', ':authority', 'web']

/** HEADERS that are the whole block. */
export function headers(stream: number, fields: readonly string[], end = true): Octets {
  return frame(FrameType.headers, 4 | (end ? 1 : 0), stream, block(...fields))
}

export function data(stream: number, content: Octets | string, end = false): Octets {
  return frame(FrameType.data, end ? 1 : 0, stream, content)
}

/** What came. */
export interface Received {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly payload: Octets
  /** Of HEADERS; empty for the others. */
  readonly fields: readonly string[]
}

export class FramePeer implements ConnectionOwner {
  readonly connection: Connection
  readonly frames: Received[] = []
  readonly encoder = new Encoder()
  ended = false
  closed = false
  error: SocketError | null = null
  readonly #decoder = new Decoder()
  readonly #reader: FrameReader
  #wake: (() => void) | null = null

  /** @param server whether the peer waits for a preface */
  constructor(connection: Connection, server = false) {
    this.connection = connection
    this.#reader = new FrameReader(
      {
        frame: (type, flags, stream, bytes, from, to) => {
          const payload = bytes.slice(from, to)
          const fields = type === FrameType.headers ? this.#fields(payload) : []
          this.frames.push({ type, flags, stream, payload, fields })
          return true
        },
        oversized() {},
        strange() {},
      },
      0xff_ffff,
      server,
    )
    connection.attach(this)
  }

  /** Begins as a client. @param settings number, value */
  begin(...settings: readonly number[]): void {
    this.send(PREFACE, settingsFrame(...settings))
  }

  send(...frames: readonly Octets[]): void {
    this.connection.write(join(...frames))
  }

  /** Resolves when `found` says so, or the connection has come to its end. */
  async until(found: (frames: readonly Received[]) => boolean): Promise<readonly Received[]> {
    while (!found(this.frames) && !this.ended && !this.closed)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    return this.frames
  }

  /** All that has come, once the other side has answered a PING or gone. */
  async answered(): Promise<readonly Received[]> {
    const mark = latin1Bytes(`probe ${this.frames.length % 100}`.padEnd(8).slice(0, 8))
    this.send(frame(FrameType.ping, 0, 0, mark))
    return this.until((all) =>
      all.some(
        ({ type, flags, payload }) => type === FrameType.ping && flags === 1 && payload.every((o, i) => o === mark[i]),
      ),
    )
  }

  #fields(payload: Octets): readonly string[] {
    const list = new FieldList(1e9, 1e9)
    const fault = this.#decoder.decode(payload, 0, payload.length, list)
    if (fault !== null) throw new Error(fault)
    return list.take().flatMap(({ name, value }) => [name, value])
  }

  onData(bytes: Uint8Array): void {
    this.#reader.feed(bytes)
    this.#tell()
  }

  onEnd(): void {
    this.ended = true
    this.#tell()
  }

  onDrain(): void {}

  onClose(error: SocketError | null): void {
    this.closed = true
    this.error = error
    this.#tell()
  }

  #tell(): void {
    this.#wake?.()
    this.#wake = null
  }
}

/** The code of a RST_STREAM or GOAWAY. */
export function codeOf({ type, payload }: Received): number {
  return u32(payload, type === FrameType.goaway ? 4 : 0)
}
