/** What the marks and words of a journey mean: for readers who see one for the first time. */

import { wrapped } from '../base/wrap.ts'
import type { LadderOptions } from './ladder.ts'

const ENTRIES: readonly (readonly [string, string])[] = [
  ['●', 'something happens at a machine: a cache look-up, a change of the connection’s state, a query of the site'],
  ['├──▶', 'a packet: when it was sent stands at the left, when it arrived at the right, in milliseconds'],
  ['──✗', 'a packet that never arrived, and why'],
  ['drops', 'a packet came to this machine and goes no further, for the reason that stands behind it'],
  ['seq, ack', 'octets of the connection, counted from its start: those sent, and the next one expected'],
  ['win, cwnd', 'octets that the receiver has room for, and that the sender allows itself (congestion window)'],
  ['mss, wscale', 'the largest segment that an end takes; windows count in units of 2^wscale octets'],
  ['AA, TTL', 'the answer of the server that is responsible for the name; seconds that it may stay in a cache'],
]

const CASE =
  'Names are shown in small letters. On the wire each question mixes capitals in at random, and only a reply with the same letters is believed: forgers would have to guess them (--case shows the names so).'

/** The legend, as lines no wider than the page. */
export function legend({ columns, paint }: Pick<LadderOptions, 'columns' | 'paint'>, exactCase: boolean): string[] {
  const width = Math.max(...ENTRIES.map(([mark]) => mark.length)) + 2
  const lines = ENTRIES.flatMap(([mark, meaning]) =>
    wrapped(meaning, columns - width - 2).map((line, i) => `  ${(i === 0 ? mark : '').padEnd(width)}${line}`),
  )
  const note = exactCase ? [] : wrapped(CASE, columns - 2).map((line) => `  ${line}`)
  return [paint('bold', 'How to read this'), ...[...lines, ...note].map((line) => paint('dim', line))]
}
