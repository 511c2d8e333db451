/**
 * What has arrived in order and was not yet read. Bytes of a segment that are read at once are handed on as they stand in
 * its frame; what has to rest is copied, once, into blocks of its own, so that nothing holds on to the frame.
 */

/** Blocks grow with what rests here, up to this: half of the memory is in use at least. */
const LARGEST_BLOCK = 16 * 1024
/** So many pieces that were taken are let go together. */
const MANY = 256

export class Inbox {
  #bytes = 0
  /** A view of the frame that has just arrived: the first of all, and only for as long as its arrival is dealt with. */
  #guest: Uint8Array | null = null
  #pieces: Uint8Array[] = []
  /** The next piece to be taken. */
  #head = 0
  /** The block that the last piece ends in, as far as it is used; null: nothing can be added to it. */
  #block: Uint8Array | null = null
  #used = 0

  /** How many bytes wait. */
  get bytes(): number {
    return this.#bytes
  }

  get empty(): boolean {
    return this.#bytes === 0
  }

  /** Bytes that are valid until `keep` is called. */
  lend(bytes: Uint8Array): void {
    if (this.#bytes > 0) this.add(bytes)
    else {
      this.#guest = bytes
      this.#bytes = bytes.length
    }
  }

  /** What was lent and not taken is copied. */
  keep(): void {
    const guest = this.#guest
    if (guest === null) return
    this.#guest = null
    if (this.#head < this.#pieces.length) this.#pieces.splice(this.#head, 0, guest.slice())
    else {
      this.#bytes -= guest.length
      this.add(guest)
    }
  }

  /** Keeps a copy. */
  add(bytes: Uint8Array): void {
    let done = 0
    while (done < bytes.length) {
      const left = bytes.length - done
      if (this.#block === null || this.#used === this.#block.length) this.#begin(left)
      const part = Math.min(left, this.#block!.length - this.#used)
      this.#append(this.#block!, done === 0 && part === left ? bytes : bytes.subarray(done, done + part))
      done += part
    }
    this.#bytes += bytes.length
  }

  #begin(length: number): void {
    this.#block = new Uint8Array(Math.max(Math.min(this.#bytes, LARGEST_BLOCK), Math.min(length, LARGEST_BLOCK)))
    this.#used = 0
    this.#pieces.push(this.#block.subarray(0, 0))
  }

  /** The last piece grows: nobody has seen it yet. */
  #append(block: Uint8Array, bytes: Uint8Array): void {
    const last = this.#pieces.length - 1
    block.set(bytes, this.#used)
    const start = this.#used - this.#pieces[last]!.length
    this.#used += bytes.length
    this.#pieces[last] = block.subarray(start, this.#used)
  }

  /** Takes over bytes that nobody else will change. */
  adopt(bytes: Uint8Array): void {
    this.#pieces.push(bytes)
    this.#bytes += bytes.length
    this.#block = null
  }

  /** The next bytes, or null when none are left. */
  take(): Uint8Array | null {
    const bytes = this.#guest ?? this.#next()
    if (bytes !== null) this.#bytes -= bytes.length
    this.#guest = null
    return bytes
  }

  #next(): Uint8Array | null {
    if (this.#head === this.#pieces.length) return null
    const bytes = this.#pieces[this.#head++]!
    if (this.#head === this.#pieces.length) {
      this.#pieces = []
      this.#head = 0
      this.#block = null
    } else if (this.#head >= MANY) {
      this.#pieces.splice(0, this.#head)
      this.#head = 0
    }
    return bytes
  }

  clear(): void {
    this.#guest = this.#block = null
    this.#pieces = []
    this.#head = this.#bytes = 0
  }
}
