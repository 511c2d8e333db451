/**
 * What a connection does next: the one place from which both `poll`, which does it, and `deadline`, which says when there is
 * something to do, are answered. It changes nothing, and knows no time but what timers have said of it.
 */
import { diff } from '../../wire/sequence.ts'
import type { ControlBlock } from '../block.ts'
import type { Sent } from '../loss/scoreboard.ts'
import { TIMER } from '../timers.ts'
import type { Wait } from './wait.ts'

/** Something to send: a reset or an answer from beyond, a SYN, something once more, new data or a FIN, a probe, an ACK. */
export type Deed = 'answer' | 'syn' | 'again' | 'new' | 'probe' | 'ack'

export type Next = Deed | Wait

export function isDeed(next: Next): next is Deed {
  return next === 'new' || next === 'ack' || next === 'again' || next === 'syn' || next === 'probe' || next === 'answer'
}

export function nextOf(tcb: ControlBlock): Next {
  const { life, loss, rcv, snd } = tcb
  if (life.farewell !== null) return 'answer'
  switch (life.state) {
    case 'CLOSED':
      return 'idle'
    case 'SYN-SENT':
    case 'SYN-RECEIVED':
      if (snd.nxt === snd.iss || loss.board.nextLost() !== undefined) return 'syn'
      return rcv.ackNow ? 'ack' : 'idle'
    case 'TIME-WAIT':
      return rcv.ackNow ? 'ack' : 'idle'
  }
  const text = nextText(tcb)
  if (text === 'again' || text === 'new') return text
  return snd.probing ? 'probe' : rcv.ackNow ? 'ack' : text
}

/** What recovery has marked goes before anything new. */
function nextText(tcb: ControlBlock): 'again' | 'new' | Wait {
  const lost = tcb.loss.board.nextLost()
  return lost === undefined ? fresh(tcb) : again(tcb, lost)
}

function again(tcb: ControlBlock, record: Sent): 'again' | Wait {
  const { loss, snd, timers } = tcb
  const { board, congestion } = loss
  const head = record === board.first
  if (head && board.urgent) return 'again'
  const length = sizeAgain(tcb, record)
  const { pipe } = board
  if (pipe > 0 && pipe + length > congestion.cwnd) return 'congestion'
  // Beyond the window only the oldest is sent again: it is what a shrunken window is probed with.
  if (!head && diff(snd.edge, record.seq) < length) return 'window'
  return timers.runs(TIMER.pacing) ? 'pace' : 'again'
}

/**
 * How much of a record goes again in one segment: no more than the segment size, which may have shrunk, and of the oldest no
 * more than the window lets through. A FIN takes a number but no room: it stays with the data that it came with.
 */
export function sizeAgain({ loss, snd }: ControlBlock, record: Sent): number {
  const length = diff(record.end, record.seq)
  const room = diff(snd.edge, record.seq)
  const fits = record === loss.board.first && room > 0 ? Math.min(room, snd.mss) : snd.mss
  return Math.min(length, snd.buffer.after(record.seq)) > fits ? fits : length
}

function fresh({ loss, snd, timers }: ControlBlock): 'new' | Wait {
  const { board } = loss
  const { unsent } = snd
  if (unsent === 0 && !snd.finWaits) return 'idle'
  if (diff(snd.edge, snd.nxt) <= 0) return 'window'
  const length = snd.sendable(unsent)
  if (!snd.worthwhile(length, unsent)) return length === unsent ? 'small' : 'window'
  const { pipe } = board
  if (pipe > 0 && pipe + length > loss.congestion.cwnd) return 'congestion'
  if (board.outstanding > 0 && board.outstanding + length > snd.most) return 'buffer'
  return timers.runs(TIMER.pacing) ? 'pace' : 'new'
}
