/** The sending half of permessage-deflate. */
import type { Compression, Deflater } from './compression.ts'

/** Deflaters without context, which any connection may use: whole messages go through at once. */
const shared = new WeakMap<Compression, Map<string, Deflater>>()

export class Deflating {
  readonly #compression: Compression
  readonly #takeover: boolean
  /** What decides whether two connections can be sent the same octets; null where messages build on earlier ones. */
  readonly kind: string | null
  readonly #windowBits: number
  readonly #level: number
  #own: Deflater | null = null

  constructor(compression: Compression, windowBits: number, takeover: boolean, level: number) {
    this.#compression = compression
    this.#windowBits = windowBits
    this.#takeover = takeover
    this.#level = level
    this.kind = takeover ? null : `${windowBits}/${level}`
  }

  /** A whole message. Valid until the next call for any connection. */
  deflate(bytes: Uint8Array): Uint8Array {
    return this.#deflater().deflate(bytes, !this.#takeover)
  }

  close(): void {
    this.#own?.close()
    this.#own = null
  }

  #deflater(): Deflater {
    if (this.kind === null) return (this.#own ??= this.#compression.deflater(this.#windowBits, this.#level))
    let all = shared.get(this.#compression)
    if (all === undefined) shared.set(this.#compression, (all = new Map()))
    let deflater = all.get(this.kind)
    if (deflater === undefined)
      all.set(this.kind, (deflater = this.#compression.deflater(this.#windowBits, this.#level)))
    return deflater
  }
}
