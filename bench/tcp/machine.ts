/**
 * The TCP machine alone: two endpoints joined by memory, no clock, no IP. Segments per second of processor time
 * count every segment both sides handled, pure ACKs too. `node --expose-gc bench/tcp/machine.ts [--json]`.
 */
import { silent } from '../../src/base/events.ts'
import { Fault } from '../../src/base/fault.ts'
import { type SegmentMeta, Tcb, type TcbConfig, type TcbOwner } from '../../src/tcp/index.ts'
import { pseudoSum4 } from '../../src/wire/checksum.ts'
import { emit, length, parse, type TcpSegment, verify } from '../../src/wire/tcp.ts'

const CHUNK = new Uint8Array(64 * 1024).fill(7)
const SECONDS = 1
const ROUNDS = 5

/** Processor time of this process in nanoseconds: what others do on the machine counts little. */
function cpu(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) * 1000
}

class Side implements TcbOwner {
  tcb!: Tcb
  readonly inbox: TcpSegment[] = []
  received = 0
  segments = 0
  readonly #source: boolean

  constructor(source: boolean) {
    this.#source = source
  }

  /** As a program does: writes as long as little waits. */
  fill(): void {
    if (!this.#source || !this.tcb.life.synchronized) return
    while (this.tcb.unsent < CHUNK.length) this.tcb.send(CHUNK)
  }

  take(segment: TcpSegment, now: number): void {
    meta.at = now
    this.tcb.segmentArrived(segment, meta, now)
    for (let bytes = this.tcb.read(); bytes !== null; bytes = this.tcb.read()) this.received += bytes.length
    this.fill()
  }

  onState(): void {}

  onClosed(): void {}
}

const meta: { -readonly [name in keyof SegmentMeta]: SegmentMeta[name] } = { at: 0, ecn: 0, segments: 1 }

/** Carries a segment as a value, or through bytes with checksums as a real link would. */
type Wire = (segment: TcpSegment) => TcpSegment

const frame = new Uint8Array(65_536)
const throughBytes: Wire = (segment) => {
  const size = length(segment)
  const pseudo = pseudoSum4(0x0a000001, 0x0a000002, 6, size)
  emit(segment, frame, 0, pseudo)
  if (!verify(frame, 0, size, pseudo)) throw new Error('checksum')
  const result = parse(frame.slice(0, size), 0, size)
  if (result instanceof Fault) throw new Error(result.why)
  return result
}

const LABEL = { log: silent, host: '', connection: '' }

function config(owner: Side, localPort: number, remotePort: number): TcbConfig {
  return { localPort, remotePort, mss: 1460, iss: localPort, owner, label: LABEL }
}

/** Nanoseconds per segment over about a second. */
function transfer(wire: Wire): { perSegment: number; gigabits: number } {
  const client = new Side(true)
  const server = new Side(false)
  let now = 0
  client.tcb = Tcb.connect(config(client, 1, 2), 0)
  client.tcb.poll(0, (syn) => {
    server.tcb = Tcb.accept(config(server, 2, 1), syn, 0)
  })
  const carry = (from: Side, to: Side) => {
    from.tcb.poll(now, (segment) => {
      to.inbox.push(wire(segment))
    })
  }
  const handle = (side: Side, peer: Side) => {
    const batch = side.inbox.splice(0)
    side.segments += batch.length
    for (const segment of batch) {
      side.take(segment, now)
      carry(side, peer)
    }
  }
  carry(server, client)
  const start = cpu()
  let elapsed = 0
  while (elapsed < SECONDS * 1e9) {
    for (let i = 0; i < 100; i++) {
      now += 50_000
      handle(client, server)
      carry(client, server)
      handle(server, client)
    }
    elapsed = cpu() - start
  }
  const segments = client.segments + server.segments
  return { perSegment: elapsed / segments, gigabits: (server.received * 8) / elapsed }
}

/** Handshake, 100 bytes each way, close: connections per second. */
function connections(): number {
  const start = cpu()
  let elapsed = 0
  let count = 0
  while (elapsed < SECONDS * 1e9) {
    for (let i = 0; i < 100; i++) converse(++count)
    elapsed = cpu() - start
  }
  return (count / elapsed) * 1e9
}

function converse(iss: number): void {
  const client = new Side(false)
  const server = new Side(false)
  const message = CHUNK.subarray(0, 100)
  client.tcb = Tcb.connect({ ...config(client, 1, 2), iss }, 0)
  client.tcb.send(message)
  client.tcb.poll(0, (syn) => {
    server.tcb = Tcb.accept(config(server, 2, 1), syn, 0)
  })
  server.tcb.send(message)
  let step = 0
  while (!server.tcb.dead || client.tcb.state !== 'TIME-WAIT') {
    if (++step === 3) client.tcb.shutdown(step)
    if (step === 4) server.tcb.shutdown(step)
    if (step > 20) throw new Error(`stuck in ${client.tcb.state} and ${server.tcb.state}`)
    server.tcb.poll(step, (segment) => client.inbox.push(segment))
    for (const segment of client.inbox.splice(0)) client.take(segment, step)
    client.tcb.poll(step, (segment) => server.inbox.push(segment))
    for (const segment of server.inbox.splice(0)) server.take(segment, step)
  }
}

/** Bytes of heap per idle established connection. */
function idleMemory(): number {
  const count = 10_000
  const kept: Tcb[] = []
  const collect = (globalThis as { gc?: () => void }).gc
  const used = () => {
    for (let i = 0; i < 3; i++) collect?.()
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    return heapUsed + arrayBuffers
  }
  const before = used()
  for (let i = 0; i < count; i++) {
    const client = new Side(false)
    client.tcb = Tcb.connect(config(client, 1, 2), 0)
    client.tcb.poll(0, (syn) => {
      const server = new Side(false)
      server.tcb = Tcb.accept(config(server, 2, 1), syn, 0)
      server.tcb.poll(0, (synAck) => client.take(synAck, 0))
    })
    client.tcb.poll(0, () => {})
    kept.push(client.tcb)
  }
  return (used() - before) / kept.length
}

const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1]!
const json = process.argv.includes('--json')

function report(name: string, value: number, unit: string): void {
  if (json) console.log(JSON.stringify({ bench: 'tcp', name, ours: value, unit }))
  else console.log(`${name.padEnd(42)} ${Math.round(value).toLocaleString('en')} ${unit}`)
}

// First, while the heap is clean. Needs --expose-gc.
if ((globalThis as { gc?: () => void }).gc !== undefined) report('idle connection', idleMemory(), 'bytes')
for (const [name, wire] of [
  ['segments as values', (segment: TcpSegment) => segment],
  ['segments as bytes with checksums', throughBytes],
] as const) {
  transfer(wire)
  const runs = Array.from({ length: ROUNDS }, () => transfer(wire))
  report(name, 1e9 / median(runs.map((run) => run.perSegment)), 'segments/s')
  report(`${name}, goodput`, median(runs.map((run) => run.gigabits)) * 1000, 'Mbit/s')
}
connections()
report('connections, set up and torn down', median(Array.from({ length: ROUNDS }, connections)), '/s')
