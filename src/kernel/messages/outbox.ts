/**
 * What is about to go out in one sendmmsg(2). There is one for the process: a socket fills it while it answers a batch,
 * and it is emptied before another socket gets at it.
 */
import type { Libc } from '../libc.ts'
import { COUNT, MessageVector, type Target } from './vector.ts'

const EINTR = 4
const EAGAIN = 11
const ECONNREFUSED = 111
const MSG_DONTWAIT = 0x40

/** Whose datagrams they are. */
export interface Sender {
  readonly fd: number
  /** The kernel's buffer is full: this datagram, and those after it, must wait. */
  sendLater(payload: Uint8Array, to: Target | null): void
  /** The kernel has refused this datagram, or told an error of an earlier one (and taken this one). */
  refused(errno: number): void
}

export class Outbox {
  readonly #libc: Libc
  readonly #vector: MessageVector
  readonly #peers: (Target | null)[] = new Array<Target | null>(COUNT).fill(null)
  readonly #lengths = new Uint32Array(COUNT)
  #sender: Sender | null = null
  #count = 0
  /** The message that was refused for an error of an earlier one, and is being tried again. */
  #again = -1

  constructor(libc: Libc) {
    this.#libc = libc
    this.#vector = new MessageVector(libc)
  }

  /** Takes a copy of the datagram. */
  add(sender: Sender, payload: Uint8Array, to: Target | null): void {
    if (this.#count === COUNT || (this.#sender !== sender && this.#count > 0)) this.flush()
    this.#sender = sender
    const i = this.#count++
    const vector = this.#vector
    this.#peers[i] = to
    this.#lengths[i] = payload.length
    const control = to === null ? 0 : to.writeSource(vector, i)
    vector.prepareToSend(i, payload, to === null ? 0 : to.writeName(vector, i), control)
  }

  /** Hands everything to the kernel, or back to its sender. */
  flush(): void {
    const sender = this.#sender
    const count = this.#count
    this.#count = 0
    this.#sender = null
    if (sender === null) return
    for (let i = 0; i < count; ) {
      const sent = this.#libc.sendmmsg(sender.fd, this.#vector.headerAddress(i), count - i, MSG_DONTWAIT)
      if (sent > 0) i += sent
      else i = this.#refused(sender, i, count, this.#libc.errno())
    }
    this.#peers.fill(null, 0, count)
  }

  /** Which message is the next to be tried. */
  #refused(sender: Sender, i: number, count: number, errno: number): number {
    if (errno === EINTR) return i
    if (errno === EAGAIN) {
      for (; i < count; i++) sender.sendLater(this.#vector.sending(i, this.#lengths[i]!), this.#peers[i]!)
      return count
    }
    sender.refused(errno)
    // On a connected socket that is what became of an earlier datagram, told once: this one has not been tried yet.
    const again = errno === ECONNREFUSED && this.#again !== i
    this.#again = again ? i : -1
    return again ? i : i + 1
  }
}
