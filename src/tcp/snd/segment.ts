/** The segments that a connection sends, as they are built the moment they leave. */
import type { Nanos } from '../../base/clock.ts'
import { type Seq, seq } from '../../wire/sequence.ts'
import { ACK, NO_OPTIONS, NOTHING, SYN, type TcpOptions, type TcpSegment } from '../../wire/tcp.ts'
import type { ControlBlock } from '../block.ts'
import { synOptions, synWindow } from '../open/handshake.ts'

/** RFC 2018 §3: so many blocks fit beside nothing else, one less beside time stamps. */
const MAX_SACK_BLOCKS = 4

/** The SYN, or the SYN-ACK. */
export function synSegment(tcb: ControlBlock, now: Nanos): TcpSegment {
  const answering = tcb.life.state === 'SYN-RECEIVED'
  return {
    sourcePort: tcb.localPort,
    destinationPort: tcb.remotePort,
    seq: tcb.snd.iss,
    ack: answering ? tcb.rcv.nxt : seq(0),
    flags: answering ? SYN | ACK : SYN,
    window: synWindow(tcb),
    urgent: 0,
    options: synOptions(tcb, now),
    payload: NOTHING,
  }
}

/** A segment with an ACK and the window as they are now: nothing is owed any more. */
export function segment(tcb: ControlBlock, start: Seq, flags: number, payload: Uint8Array, now: Nanos): TcpSegment {
  const { rcv } = tcb
  const window = rcv.advertise()
  rcv.acknowledged()
  return {
    sourcePort: tcb.localPort,
    destinationPort: tcb.remotePort,
    seq: start,
    ack: rcv.nxt,
    flags,
    window,
    urgent: 0,
    options: optionsFor(tcb, payload.length, now),
    payload,
  }
}

/** Time stamps, and as many SACK blocks as fit without making the segment larger than the path takes (RFC 6691). */
function optionsFor({ rcv, sack, snd }: ControlBlock, length: number, now: Nanos): TcpOptions {
  const { reassembly, stamps } = rcv
  const sacking = sack && reassembly.size > 0
  if (!stamps.on && !sacking) return NO_OPTIONS
  const most = stamps.on ? MAX_SACK_BLOCKS - 1 : MAX_SACK_BLOCKS
  const blocks = sacking ? Math.min(most, Math.floor((snd.mss - length - 4) / 8)) : 0
  return {
    mss: null,
    windowScale: null,
    sackPermitted: false,
    sack: blocks > 0 ? reassembly.blocks(blocks) : NO_OPTIONS.sack,
    timestamps: stamps.on ? stamps.stamp(now) : null,
    unknown: NO_OPTIONS.unknown,
    malformed: false,
  }
}
