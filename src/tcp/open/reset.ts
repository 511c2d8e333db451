/** The answer to a segment that belongs to no connection (RFC 9293 §3.10.7.1). */
import { add, seq } from '../../wire/sequence.ts'
import { ACK, FIN, NO_OPTIONS, NOTHING, RST, SYN, type TcpSegment } from '../../wire/tcp.ts'

/** The RST to send, or null: a reset is never answered. */
export function resetFor(segment: TcpSegment): TcpSegment | null {
  if (segment.flags & RST) return null
  const length = segment.payload.length + (segment.flags & SYN ? 1 : 0) + (segment.flags & FIN ? 1 : 0)
  const acknowledges = (segment.flags & ACK) !== 0
  return {
    sourcePort: segment.destinationPort,
    destinationPort: segment.sourcePort,
    seq: acknowledges ? segment.ack : seq(0),
    ack: acknowledges ? seq(0) : add(segment.seq, length),
    flags: acknowledges ? RST : RST | ACK,
    window: 0,
    urgent: 0,
    options: NO_OPTIONS,
    payload: NOTHING,
  }
}
