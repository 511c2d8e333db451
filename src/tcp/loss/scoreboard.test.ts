import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { add, type Seq, seq } from '../../wire/sequence.ts'
import { Scoreboard, type Sent, type Taker } from './scoreboard.ts'

const nobody: Taker = { take() {} }

function record(from: number, to: number, looked: () => void = () => {}): Sent {
  let sacked = false
  return {
    seq: seq(from),
    end: seq(to),
    sentAt: 0,
    transmissions: 1,
    lost: false,
    resent: false,
    get sacked() {
      looked()
      return sacked
    },
    set sacked(value) {
      sacked = value
    },
    delivered: 0,
    deliveredAt: 0,
    firstSentAt: 0,
    appLimited: false,
  }
}

/** The plain way: every record looked at for every block. */
class Plain {
  readonly pieces: { from: number; to: number; held: boolean; lost: boolean }[] = []

  sack(from: number, to: number): void {
    for (const piece of this.pieces)
      if (piece.from >= from && piece.to <= to) {
        piece.held = true
        piece.lost = false
      }
  }

  loseBehind(records: number, bytes: number): void {
    let count = 0
    let size = 0
    for (const piece of this.pieces.toReversed())
      if (piece.held) {
        count++
        size += piece.to - piece.from
      } else if (count >= records || size > bytes) piece.lost = true
  }
}

test('property: the same marks as looking at every record for every block (RFC 6675 §4), across the wrap', () => {
  const step = fc.oneof(
    fc.record({ sack: fc.nat(39), length: fc.integer({ min: 1, max: 12 }) }),
    fc.record({ acknowledge: fc.nat(6) }),
    fc.record({ part: fc.nat(9) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const first = 0xffff_ff80
      const board = new Scoreboard()
      const plain = new Plain()
      for (let i = 0; i < 40; i++) {
        board.sent(record(first + i * 10, first + i * 10 + 10))
        plain.pieces.push({ from: i * 10, to: i * 10 + 10, held: false, lost: false })
      }
      let una = 0
      for (const action of steps) {
        if ('sack' in action) {
          const [from, to] = [Math.max(una, action.sack * 10), Math.min(400, (action.sack + action.length) * 10)]
          if (from < to) board.sack(seq(first + from), seq(first + to), nobody)
          plain.sack(from, to)
        } else {
          una = Math.min(400, una + ('part' in action ? action.part : action.acknowledge * 10))
          board.acknowledge(seq(first + una), nobody)
          plain.pieces.splice(0, plain.pieces.length, ...plain.pieces.filter(({ to }) => to > una))
          for (const piece of plain.pieces) piece.from = Math.max(piece.from, una)
        }
        board.loseBehind(3, 20)
        plain.loseBehind(3, 20)
        const marks = [...board].map((each) => `${(each.seq - first) >>> 0} ${each.sacked} ${each.lost}`)
        assert.deepEqual(
          marks,
          plain.pieces.map((each) => `${each.from} ${each.held} ${each.lost}`),
        )
        const held = plain.pieces.reduce((sum, { from, to, held }) => sum + (held ? to - from : 0), 0)
        const lost = plain.pieces.reduce((sum, { from, to, lost }) => sum + (lost ? to - from : 0), 0)
        assert.deepEqual([board.sackedBytes, board.lostBytes, board.outstanding], [held, lost, 400 - una])
      }
    }),
    { numRuns: 300 },
  )
})

test('an ACK costs what it brings to light, however many small segments are out (CVE-2019-11478)', () => {
  let looks = 0
  const board = new Scoreboard()
  const count = 10_922 // a window of 512 KiB in segments of 48 octets
  for (let i = 0; i < count; i++) board.sent(record(i * 48, i * 48 + 48, () => looks++))
  const at = (i: number): Seq => add(seq(0), i * 48)
  looks = 0
  let acks = 0
  // Four blocks an ACK, of which three grow by a record and one tells of what is known: the same as a receiver's.
  for (let i = 1; i < 1000; i++, acks++) {
    for (const base of [1000, 4000, 7000]) board.sack(at(base), at(base + i), nobody)
    board.sack(at(9500), at(9600), nobody)
    board.loseBehind(3, 96)
  }
  assert.ok(looks / acks < 20, `${looks / acks} records looked at for an ACK`)
})
