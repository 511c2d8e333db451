/** The octets of one message as they come. Memory is taken for what has come, never for what a frame's head promises. */

const LEAST = 512
/** A message of 16 KB comes in pieces of 4 KB: one that begins is given room for all of it. Who sends little and promises much gets four times what he has sent. */
const GROWTH = 4

export class Gathering {
  bytes: Uint8Array = new Uint8Array(0)
  length = 0

  /**
   * Makes room for `more` octets at `length`.
   * @param promised how many the frame's head says are still to come, with these: memory beyond that is not taken.
   */
  room(more: number, promised: number): void {
    const needed = this.length + more
    if (needed <= this.bytes.length) return
    const grown = new Uint8Array(Math.max(needed, Math.min(this.length + promised, Math.max(LEAST, GROWTH * needed))))
    grown.set(this.bytes.subarray(0, this.length))
    this.bytes = grown
  }

  add(bytes: Uint8Array): void {
    this.room(bytes.length, Number.POSITIVE_INFINITY)
    this.bytes.set(bytes, this.length)
    this.length += bytes.length
  }

  /** What has been gathered, which is the caller's from now on. */
  take(): Uint8Array {
    const whole = this.length === this.bytes.length ? this.bytes : this.bytes.subarray(0, this.length)
    this.drop()
    return whole
  }

  drop(): void {
    this.bytes = new Uint8Array(0)
    this.length = 0
  }
}
