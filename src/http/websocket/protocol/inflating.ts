/** The receiving half of permessage-deflate: who inflates, and with how much memory. */
import type { Compression, InflateFault, Inflater } from './compression.ts'

export class Inflating {
  readonly #compression: Compression
  readonly #windowBits: number
  readonly #takeover: boolean
  #inflater: Inflater | null = null

  /** @param takeover whether messages build on earlier ones; without it an inflater is held only while a message comes. */
  constructor(compression: Compression, windowBits: number, takeover: boolean) {
    this.#compression = compression
    this.#windowBits = windowBits
    this.#takeover = takeover
  }

  inflate(bytes: Uint8Array, last: boolean, most: number): Uint8Array | InflateFault {
    this.#inflater ??= idle(this.#compression, this.#windowBits) ?? this.#compression.inflater(this.#windowBits)
    const out = this.#inflater.inflate(bytes, last, most)
    if (last && !this.#takeover && typeof out !== 'string') this.#giveBack()
    return out
  }

  #giveBack(): void {
    this.#inflater!.reset()
    keep(this.#compression, this.#windowBits, this.#inflater!)
    this.#inflater = null
  }

  /** No message will come any more. */
  close(): void {
    this.#inflater?.close()
    this.#inflater = null
  }
}

/** Inflaters that nobody uses now: those without context serve any connection. Few, since a message is quickly through. */
const IDLE = 4
const pools = new WeakMap<Compression, Map<number, Inflater[]>>()

function idle(compression: Compression, windowBits: number): Inflater | undefined {
  return pools.get(compression)?.get(windowBits)?.pop()
}

function keep(compression: Compression, windowBits: number, inflater: Inflater): void {
  let pool = pools.get(compression)
  if (pool === undefined) pools.set(compression, (pool = new Map()))
  let list = pool.get(windowBits)
  if (list === undefined) pool.set(windowBits, (list = []))
  if (list.length < IDLE) list.push(inflater)
  else inflater.close()
}
