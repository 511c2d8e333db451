/** A socket as epoll knows it: what is under way on it, and what the kernel has said of it. */
export class Slot {
  readonly fd: number
  readonly low: number
  /** The generation of its endpoint: what has another is of a socket that is no more. */
  readonly tag: number
  /** Readiness, as far as is known: true until a call finds it otherwise. */
  readable = false
  writable: boolean
  /** The peer has said its last, or the socket has failed: the next read says which, and nothing will be told again. */
  ended = false
  /** The receive or accept that waits, by its name; 0 for none. */
  reading = 0
  accepts = false
  /** The send or connect that waits, or who waits for room (a length of 0). */
  writing = 0
  connects = false
  /** What is being sent, and how much of it the kernel has. */
  address = 0
  length = 0
  sent = 0
  /** Those of send(2). */
  flags = 0
  /** In the list of those that can go on. */
  listed = false

  constructor(fd: number, low: number, tag: number, writable: boolean) {
    this.fd = fd
    this.low = low
    this.tag = tag
    this.writable = writable
  }
}
