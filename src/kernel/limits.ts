/** Limits of the kernel floor. Each can be set through `kernelHost({ limits })`. */

export interface KernelLimits {
  /**
   * Bytes taken by `write` and not yet handed to the kernel above which `write` answers false. The kernel's own send
   * buffer comes on top, so this only has to bridge one turn of the event loop.
   */
  readonly highWaterMark: number
  /** Below this `onDrain` follows: a quarter of the high mark, so that a writer works in long strokes. */
  readonly lowWaterMark: number
  /** Bytes of datagrams that wait for `attach` in the `node` driver, each counted with its overhead. */
  readonly waitingDatagramBytes: number
}

export const DEFAULT_LIMITS: KernelLimits = {
  highWaterMark: 65_536,
  lowWaterMark: 16_384,
  // Linux's default SO_RCVBUF (net.core.rmem_default): what the contract says waits.
  waitingDatagramBytes: 212_992,
}

/** What a waiting datagram costs beside its bytes, as the kernel counts its own packet headers (skb truesize). */
export const DATAGRAM_OVERHEAD = 256

/** Default of `ListenOptions.backlog`: Node's. The kernel caps it at net.core.somaxconn. */
export const DEFAULT_BACKLOG = 511

/** The largest UDP payload: 65,535 less the UDP header, and less the IP header that IPv4 counts in (RFC 791, RFC 8200). */
export const MAX_DATAGRAM = { 4: 65_507, 6: 65_527 } as const

/** After running out of descriptors or memory, `accept` is tried again this much later: others need time to close. */
export const ACCEPT_RETRY_MS = 100
