/** The page against the frames: every TCP packet is drawn once, with its true times, numbers, window and fate. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import test from 'node:test'
import type { TcpSegmentEvent } from '../../src/tcp/events.ts'
import { type Frame, type Log, readLog } from './log.ts'
import { reticle } from './run.ts'
import { ACK, FIN, PSH, RST, SYN } from './wire.ts'

const SITE = ['--site', join(import.meta.dirname, 'sites/large.ts')]
/** Wide enough for every label to stand in or behind its arrow. */
const WIDE = 400

const WHY = {
  '': '',
  rto: 'retransmission (timeout)',
  fast: 'retransmission (fast retransmit)',
  recovery: 'retransmission (loss recovery)',
  probe: 'retransmission (window probe)',
} as const

interface Drawn {
  readonly departs: string
  /** '✗' when it was lost. */
  readonly arrives: string
  readonly label: string
}

/** What the page has to show, from the frames that the two ends sent and got. */
function expected({ events, frames, routers }: Log): Drawn[] {
  const zero = Math.min(...events.filter(({ type }) => type !== 'link.sent').map(({ at }) => at))
  const time = (at: number): string => ((at - zero) / 1e6).toFixed(3)
  const own = frames.filter(({ tcp, host }) => tcp !== null && !routers.has(host))
  const got = frames.filter(({ tcp, toHost }) => tcp !== null && !routers.has(toHost))
  const arrivals = new Map(got.map((frame) => [mark(frame), frame.arrives]))
  const said = new Map<string, TcpSegmentEvent[]>()
  for (const event of events) {
    if (event.type !== 'tcp.segment') continue
    said.set(event.host, [...(said.get(event.host) ?? []), event as TcpSegmentEvent])
  }
  const syns = new Map<string, { seq: number; scale: number }>()
  return own.map((frame) => {
    const tcp = frame.tcp!
    const { cwnd, retransmission } = said.get(frame.host)!.shift()!
    const port = Math.min(tcp.sourcePort, tcp.destinationPort)
    const peer = frame.host === 'web' ? 'laptop' : 'web'
    if (tcp.flags & SYN) syns.set(`${frame.host} ${port}`, { seq: tcp.seq, scale: tcp.scale ?? 0 })
    const mine = syns.get(`${frame.host} ${port}`)!
    const theirs = syns.get(`${peer} ${port}`)
    const seq = (tcp.seq - mine.seq) >>> 0
    const length = tcp.payload.length
    const flags = [
      [SYN, 'SYN'],
      [FIN, 'FIN'],
      [RST, 'RST'],
      [PSH, 'PSH'],
      [ACK, 'ACK'],
    ] as const
    const words = [
      WHY[retransmission],
      flags.flatMap(([bit, word]) => (tcp.flags & bit ? [word] : [])).join(' '),
      length > 0 ? `seq ${seq}:${seq + length} (${length} B)` : tcp.flags & (SYN | FIN | RST) ? `seq ${seq}` : '',
      tcp.flags & ACK ? `ack ${(tcp.ack - theirs!.seq) >>> 0}` : '',
      tcp.flags & RST ? '' : `win ${tcp.window * (tcp.flags & SYN ? 1 : 2 ** mine.scale)}`,
      tcp.mss === null ? '' : `mss ${tcp.mss}`,
      tcp.scale === null ? '' : `wscale ${tcp.scale}`,
      length > 0 ? `cwnd ${cwnd}` : '',
    ]
    const arrives = arrivals.get(mark(frame)) ?? null
    return {
      departs: time(frame.at),
      arrives: arrives === null ? '✗' : time(arrives),
      label: words.filter((word) => word !== '').join('  '),
    }
  })
}

/** What a translator leaves of a segment. */
function mark({ ip, tcp }: Frame): string {
  return [ip!.identification, tcp!.seq, tcp!.ack, tcp!.flags, tcp!.payload.length].join(' ')
}

const LABEL =
  /(?:retransmission \([a-z -]+\) {2})?(?:SYN|FIN|RST|PSH|ACK)(?: (?:SYN|FIN|RST|PSH|ACK))*(?: {2}[a-z]+ [\d:]+(?: \(\d+ B\))?)*/

/** The TCP arrows of a page. */
function drawn(page: string): Drawn[] {
  return page.split('\n').flatMap((line) => {
    const departs = /^ *(\d+\.\d{3}) {2}/.exec(line)?.[1]
    const label = LABEL.exec(line)?.[0]
    if (departs === undefined || label === undefined || !line.includes('─')) return []
    const arrives = line.includes('✗') ? '✗' : /[┤▶] +(\d+\.\d{3})/.exec(line)![1]!
    return [{ departs, arrives, label }]
  })
}

for (const [weather, ...args] of [
  ['in fair weather'],
  ['at 5 % loss', '--loss', '5'],
  ['at 20 % loss, with jitter', '--loss', '20', '--jitter', '9'],
] as const)
  test(`the page shows every segment as the frames have it, ${weather}`, async () => {
    for (const seed of ['1', '2', '7', '22']) {
      const command = ['look', 'http://large.example/', ...SITE, '--seed', seed, ...args]
      const log = readLog((await reticle([...command, '--json'])).out)
      const { out } = await reticle(command, WIDE)
      const key = ({ departs, arrives, label }: Drawn): string => `${departs} ${arrives} ${label}`
      const [page, frames] = [drawn(out).map(key).sort(), expected(log).map(key).sort()]
      assert.ok(frames.length > 100)
      assert.deepEqual(page, frames, `seed ${seed}`)
    }
  })
