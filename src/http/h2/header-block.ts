/** A header block in the making: HEADERS and the CONTINUATION frames after it (RFC 9113 §4.3). */
import { ByteAccumulator } from '../machine/accumulator.ts'
import { Code } from './codes.ts'
import { SessionFault } from './fault.ts'

export class HeaderBlock {
  readonly #mostBytes: number
  readonly #mostFrames: number
  readonly #bytes = new ByteAccumulator()
  #frames = 0
  #stream = 0
  #end = false

  /** @param mostBytes of the block as it comes. @param mostFrames CONTINUATION frames */
  constructor(mostBytes: number, mostFrames: number) {
    this.#mostBytes = mostBytes
    this.#mostFrames = mostFrames
  }

  /** The stream whose block is not complete; 0 where none is. */
  get stream(): number {
    return this.#stream
  }

  /** Whether the stream ends with the block. */
  get end(): boolean {
    return this.#end
  }

  begin(stream: number, end: boolean): void {
    this.#stream = stream
    this.#end = end
    this.#frames = 0
  }

  add(bytes: Uint8Array): SessionFault | null {
    // CVE-2024-27316 and its kind: a block without end costs memory, and time for as long as it is decoded.
    if (this.#bytes.length + bytes.length > this.#mostBytes)
      return new SessionFault(Code.calm, `a header block of more than ${this.#mostBytes} bytes`, 0)
    this.#bytes.append(bytes)
    return null
  }

  /** A CONTINUATION frame. */
  goOn(bytes: Uint8Array): SessionFault | null {
    if (++this.#frames > this.#mostFrames)
      return new SessionFault(Code.calm, `more than ${this.#mostFrames} CONTINUATION frames for one header block`, 0)
    return this.add(bytes)
  }

  /** The complete block; there is none afterwards. Valid until the next one begins. */
  take(): Uint8Array {
    const bytes = this.#bytes.take()
    this.#stream = 0
    return bytes
  }
}
