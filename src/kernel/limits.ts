/** Limits of the kernel floor. Each can be set through `kernelHost({ limits })`. */
import { type Duration, ms, seconds } from '../base/duration.ts'

/** Limits of this machine's sockets. */
export interface KernelLimits {
  /**
   * Bytes taken by `write` and not yet handed to the kernel above which `write` answers false. The kernel's own send
   * buffer comes on top, so this only has to bridge one turn of the event loop.
   */
  readonly highWaterMark: number
  /** Below this `onDrain` follows: a quarter of the high mark, so that a writer works in long strokes. */
  readonly lowWaterMark: number
  /** How long `close` waits for a peer that takes nothing of what is queued, before it resets the connection. */
  readonly closeTime: Duration
  /** Bytes of datagrams that wait for `attach` in the `node` driver, each counted with its overhead. */
  readonly waitingDatagramBytes: number
  /** Bytes of datagrams that the kernel could not take yet above which `send` answers false. */
  readonly datagramHighWaterMark: number
  /** Bytes of them above which a datagram is dropped and `onError` is told ENOBUFS. */
  readonly queuedDatagramBytes: number
  /** Reads that can complete in one turn of the `uring` driver, of up to 4 KiB each: a power of two, at most 4,096. */
  readonly receiveBuffers: number
  /** Bytes of memory for sending that `uring` keeps for the next burst when nobody needs it. */
  readonly freeSendBytes: number
  /** After running out of descriptors or memory, `accept` is tried again this much later: others need time to close. */
  readonly acceptRetry: Duration
}

/** The defaults: `kernelHost({ limits })` sets others. */
export const KERNEL_LIMITS: KernelLimits = Object.freeze({
  highWaterMark: 65_536,
  lowWaterMark: 16_384,
  // A mobile client that changes cells is silent for some seconds; one that is silent for half a minute has gone.
  closeTime: seconds(30),
  // Linux's default SO_RCVBUF (net.core.rmem_default): what the contract says waits.
  waitingDatagramBytes: 212_992,
  // The kernel's SO_SNDBUF is full by then; this bridges the time until the program looks at the answer.
  datagramHighWaterMark: 65_536,
  // As much again as Linux's default SO_SNDBUF (net.core.wmem_default) holds: a program that does not look loses
  // datagrams, not memory.
  queuedDatagramBytes: 212_992,
  // 16 MiB of address space, of which only what was used costs memory.
  receiveBuffers: 4096,
  // A burst of 1,024 replies of 64 KiB. Within it, what a second did not need goes back to the heap.
  freeSendBytes: 64 << 20,
  acceptRetry: ms(100),
})
