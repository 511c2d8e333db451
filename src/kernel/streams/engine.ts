/**
 * What carries a reactor's operations to the kernel: a ring of io_uring, or epoll and non-blocking calls. Operations are
 * begun, and their results are fetched later, all those of a turn together.
 */
import type { SocketError } from '../../base/errors.ts'

/**
 * What a finished operation is handed to: the two halves of what it was begun with, the result (negative: errno), and
 * flags with the number of the receive buffer in their high half.
 */
export type Completed = (low: number, high: number, result: number, flags: number) => void

/** Flags of a result, with io_uring's numbers (IORING_CQE_F_…): it has put bytes into a buffer. */
export const RESULT_HAS_BUFFER = 1
/** The operation goes on, and has more results. */
export const RESULT_GOES_ON = 2
/** The socket holds more. */
export const RESULT_NONEMPTY = 4

/** Memory that is received into. */
export interface ReceivePool {
  /** Bytes of one buffer. */
  readonly size: number
  /** The bytes that have been put into a buffer; they are the caller's until it gives the buffer back. */
  view(id: number, length: number): Uint8Array
  give(id: number): void
  /** A read has found no buffer. */
  starved(): void
}

/** Each operation is named by the slot of its socket (`low`) and by what `high` says; both come back with its result. */
export interface Engine<Pool extends ReceivePool = ReceivePool> {
  /** Becomes readable when there are results to fetch. */
  readonly fd: number
  /** Flags for socket(2): whether sockets must not block. */
  readonly socketFlags: number
  /** For what most connections say, and for those that fill it. */
  readonly small: Pool
  readonly large: Pool
  /** What was begun and must be handed over, and results that are there without the descriptor saying so. */
  readonly pending: number
  /** Results wait that did not fit. */
  readonly overflowed: boolean
  /** Why the kernel will not take anything any more. */
  readonly failure: SocketError | null
  /** @param more the socket is known to hold bytes: no need to wait for them */
  receive(fd: number, low: number, high: number, pool: Pool, more: boolean): void
  /**
   * The result comes when all of it is in the kernel's own buffer, and the memory must stay until then. True when it is
   * there already: no result follows.
   * @param more bytes follow at once, which may go into the same segment
   */
  send(fd: number, low: number, high: number, address: number, length: number, more: boolean): boolean
  /** The result comes when the kernel has room to send. */
  room(fd: number, low: number, high: number): void
  /** A result for each connection, until it is cancelled or fails. */
  accept(fd: number, low: number, high: number): void
  /** @param address of a struct sockaddr, which must stay until the result comes */
  connect(fd: number, low: number, high: number, address: number, length: number): void
  /** Ends what is under way on the descriptor. */
  cancel(fd: number, low: number, high: number): void
  /** Closes the descriptor, after it has ended what is under way on it where `cancelled` says how to call that. */
  release(fd: number, low: number, cancelled: number | null, closed: number): void
  /** Hands over what was begun. */
  enter(): void
  /**
   * Hands every result that is there now to `completed`. What it throws leaves the rest for the next call.
   * @param first in this turn of the event loop
   */
  reap(completed: Completed, first: boolean): void
  /** Lets the kernel have the receive buffers that were given back. */
  publish(): void
  /** A period is over: what was not needed in it is let go. */
  decay(): void
  /** Nothing may be under way. */
  dispose(): void
}
