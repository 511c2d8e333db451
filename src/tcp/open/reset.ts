/** The answer to a segment that belongs to no connection (RFC 9293 §3.10.7.1). */
import { ACK, FIN, NO_OPTIONS, RST, SYN, type TcpSegment } from '../../wire/tcp.ts'

const NOTHING = new Uint8Array(0)

/** The RST to send, or null: a reset is never answered. */
export function resetFor(segment: TcpSegment): TcpSegment | null {
  if (segment.flags & RST) return null
  const length = segment.payload.length + (segment.flags & SYN ? 1 : 0) + (segment.flags & FIN ? 1 : 0)
  const acknowledges = (segment.flags & ACK) !== 0
  return {
    sourcePort: segment.destinationPort,
    destinationPort: segment.sourcePort,
    seq: acknowledges ? segment.ack : 0,
    ack: acknowledges ? 0 : (segment.seq + length) >>> 0,
    flags: acknowledges ? RST : RST | ACK,
    window: 0,
    urgent: 0,
    options: NO_OPTIONS,
    payload: NOTHING,
  }
}
