/**
 * One Tcb against a scripted peer in virtual time, for tests. Lines read as in packetdrill, numbers relative to the
 * two initial sequence numbers: `S. 0:0(0) ack 1 win 65535 <mss 1460,wscale 7>`.
 */
import assert from 'node:assert/strict'
import { MILLISECOND, type Nanos } from '../../base/clock.ts'
import type { ErrorCode } from '../../base/errors.ts'
import { RecordingLog } from '../../base/events.ts'
import { type Seq, seq } from '../../wire/sequence.ts'
import { ACK, FIN, NO_OPTIONS, PSH, RST, SYN, type TcpOptions, type TcpSegment } from '../../wire/tcp.ts'
import type { TcbConfig } from '../block.ts'
import type { TcbOwner } from '../life/owner.ts'
import { type TcpSettings, tcpSettings } from '../settings.ts'
import { Tcb } from '../tcb.ts'

const OUR_ISN = 0xffff_fff0 // the numbers wrap early in every test
const PEER_ISN = 0x7fff_fff8
const LETTERS: Readonly<Record<string, number>> = { S: SYN, F: FIN, R: RST, P: PSH, '.': ACK }

export class Script {
  now: Nanos = 0
  readonly log = new RecordingLog()
  /** What the owner was told: states by their names, `closed ECONNRESET`; and what it has read: `data 100`, `end`. */
  readonly told: string[] = []
  readonly received: number[] = []
  tcb: Tcb
  /** When false, bytes stay unread and close the window. */
  reading = true
  /** Sees every segment that is sent. */
  watch: (segment: TcpSegment) => void = () => {}
  #sent: TcpSegment[] = []
  #ended = false

  constructor(open: 'connect' | string, settings: Partial<TcpSettings> = {}, changes: Partial<TcbConfig> = {}) {
    const config: TcbConfig = {
      localPort: 49152,
      remotePort: 80,
      mss: 1000,
      iss: OUR_ISN,
      owner: this.#owner(),
      label: { log: this.log, host: 'local', connection: 'local:49152>peer:80' },
      settings: tcpSettings(settings),
      ...changes,
    }
    this.tcb = open === 'connect' ? Tcb.connect(config, 0) : Tcb.accept(config, parseLine(open), 0)
    this.#poll()
  }

  #owner(): TcbOwner {
    return {
      onState: (_from, to) => {
        this.told.push(to)
      },
      onClosed: (error: ErrorCode | null) => {
        this.told.push(`closed ${error}`)
      },
    }
  }

  #poll(): void {
    this.tcb.poll(this.now, (segment) => {
      this.#sent.push(segment)
      this.watch(segment)
    })
    assert.ok(this.tcb.deadline() > this.now, 'after poll nothing is left to do now')
  }

  /** A segment from the peer. */
  arrive(line: string): this {
    this.tcb.segmentArrived(parseLine(line), { at: this.now, ecn: 0, segments: 1 }, this.now)
    if (this.reading) this.#take(Number.POSITIVE_INFINITY)
    this.#poll()
    return this
  }

  /** Reads so many bytes: whole pieces, as they come. */
  read(count = Number.POSITIVE_INFINITY): this {
    this.#take(count)
    this.#poll()
    return this
  }

  #take(count: number): void {
    for (let left = count; left > 0; ) {
      const bytes = this.tcb.read()
      if (bytes === null) break
      this.told.push(`data ${bytes.length}`)
      this.received.push(...bytes)
      left -= bytes.length
    }
    if (this.tcb.ended && !this.#ended) {
      this.#ended = true
      this.told.push('end')
    }
  }

  /** Something the user does. */
  do(action: (tcb: Tcb, now: Nanos) => void): this {
    action(this.tcb, this.now)
    this.#poll()
    return this
  }

  /** `count` bytes with no pattern worth looking at. */
  send(count: number): this {
    return this.do((tcb) => assert.ok(tcb.send(new Uint8Array(count))))
  }

  /** Lets so many milliseconds pass, firing timers when they are due. */
  pass(millis: number): this {
    const until = this.now + millis * MILLISECOND
    for (let due = this.tcb.deadline(); due <= until; due = this.tcb.deadline()) {
      this.now = Math.max(this.now, due)
      this.#poll()
    }
    this.now = until
    return this
  }

  /** All that was sent since the last `expect`, in order. `win` and options are compared where a line names them. */
  expect(...lines: string[]): this {
    const sent = this.#sent.map((segment, i) => printLine(segment, lines[i] ?? 'win <>'))
    this.#sent = []
    assert.deepEqual(sent, lines)
    return this
  }

  /** All the owner was told since the last `tells`. */
  tells(...words: string[]): this {
    assert.deepEqual(this.told.splice(0), words)
    return this
  }

  /** An open connection without options but the MSS; nothing sent or told is left over. */
  static established(settings: Partial<TcpSettings> = {}, handshake = 'S. 0:0(0) ack 1 win 65535 <mss 1000>'): Script {
    const script = new Script('connect', settings).arrive(handshake)
    script.#sent = []
    script.told.length = 0
    return script
  }
}

/** Established from the other side: by a SYN that arrived. */
export function accepted(settings: Partial<TcpSettings> = {}): Script {
  const script = new Script('S 0:0(0) win 65535 <mss 1000>', settings)
  script.expect('S. 0:0(0) ack 1').arrive('. 1:1(0) ack 1 win 65535')
  script.told.length = 0
  return script
}

export function parseLine(line: string): TcpSegment {
  const match = /^([SFRP.-]+) (\d+):(\d+)\((\d+)\)(?: ack (\d+))? win (\d+)(?: <(.*)>)?$/.exec(line)
  if (match === null) throw new Error(`script: '${line}' is not 'FLAGS seq:end(length) [ack n] win n [<options>]'`)
  const [, letters, start, , length, ack, window, options] = match
  let flags = 0
  for (const letter of letters!) flags |= LETTERS[letter] ?? 0
  return {
    sourcePort: 80,
    destinationPort: 49152,
    seq: seq(Number(start) + PEER_ISN),
    ack: ack === undefined ? seq(0) : ours(ack),
    flags,
    window: Number(window),
    urgent: 0,
    options: options === undefined ? NO_OPTIONS : parseOptions(options),
    payload: new Uint8Array(Number(length)).map((_, i) => (Number(start) + i) & 255),
  }
}

function ours(number: string | undefined): Seq {
  return seq(Number(number) + OUR_ISN)
}

function parseOptions(text: string): TcpOptions {
  const options = { ...NO_OPTIONS } as { -readonly [name in keyof TcpOptions]: TcpOptions[name] }
  for (const option of text.split(',')) {
    const [name, ...values] = option.split(' ')
    if (name === 'mss') options.mss = Number(values[0])
    else if (name === 'wscale') options.windowScale = Number(values[0])
    else if (name === 'TS') options.timestamps = { value: Number(values[1]), echo: Number(values[3]) }
    else if (name === 'sackOK') options.sackPermitted = true
    else if (name === 'sack')
      options.sack = values.map((block) => {
        const [start, end] = block.split(':')
        return { start: ours(start), end: ours(end) }
      })
  }
  return options
}

function printLine(segment: TcpSegment, like: string): string {
  const start = (segment.seq - OUR_ISN) | 0
  let line = ''
  for (const [letter, bit] of Object.entries(LETTERS)) if (segment.flags & bit) line += letter
  line += ` ${start}:${start + segment.payload.length}(${segment.payload.length})`
  if (segment.flags & ACK) line += ` ack ${(segment.ack - PEER_ISN) | 0}`
  if (like.includes('win')) line += ` win ${segment.window}`
  if (like.includes('<')) line += ` <${printOptions(segment.options)}>`
  return line
}

function printOptions(options: TcpOptions): string {
  const parts: string[] = []
  if (options.mss !== null) parts.push(`mss ${options.mss}`)
  if (options.sackPermitted) parts.push('sackOK')
  if (options.timestamps !== null) parts.push(`TS val ${options.timestamps.value} ecr ${options.timestamps.echo}`)
  if (options.windowScale !== null) parts.push(`wscale ${options.windowScale}`)
  if (options.sack.length > 0)
    parts.push(
      `sack ${options.sack.map((block) => `${(block.start - PEER_ISN) | 0}:${(block.end - PEER_ISN) | 0}`).join(' ')}`,
    )
  return parts.join(',')
}
