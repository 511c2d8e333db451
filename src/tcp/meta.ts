/** What the network below knows of a segment, beside its bytes. */
import type { Nanos } from '../base/clock.ts'

/** Valid during the call only: who calls may reuse it. */
export interface SegmentMeta {
  /** When it entered the host: round trips are measured with this, however long it has waited since. */
  readonly at: Nanos
  /** The two ECN bits of its IP header (RFC 3168 §5). */
  readonly ecn: number
  /** How many segments it was on the wire: a device may merge them. */
  readonly segments: number
}
