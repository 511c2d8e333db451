/**
 * What the simulator does in a second of one core: schedule push+pop, frames through one link, packets through a router, TCP
 * segments end to end. `node bench/sim/hops.ts [--json]`; each figure is the median of five rounds.
 */
import { type EventLog, RecordingLog, silent } from '../../src/base/events.ts'
import { SeededRandom } from '../../src/base/random.ts'
import { Schedule, type Task } from '../../src/base/schedule.ts'
import { gbit, type Internet, internet, ms, type SimHost } from '../../src/sim/index.ts'
import { printTable, type Row } from './table.ts'

const ROUNDS = 5
const PENDING = 10_000
/** Octets of data in a full segment: an Ethernet's MTU less both headers and the time stamps. */
const SEGMENT = 1448
const nothing: Task = { run() {} }

/** One push and one pop at a time, with 10,000 entries waiting at random distances. */
function schedule(): number {
  const count = 1_000_000
  const random = new SeededRandom('schedule')
  const distances = Float64Array.from({ length: 4096 }, () => random.u32() % 1_000_000)
  const queue = new Schedule()
  for (let i = 0; i < PENDING; i++) queue.add(distances[i & 4095]!, nothing)
  return perSecond(count, () => {
    for (let i = 0; i < count; i++) {
      queue.take()
      queue.add(queue.when + distances[i & 4095]!, nothing)
    }
  })
}

/** Frames of 1,514 octets from one end of a link to the other, no stack: the link and the schedule alone. */
async function link(): Promise<number> {
  const count = 500_000
  const net = internet({ seed: 1 })
  const [a, b] = [net.host('a'), net.host('b')]
  const { a: from, b: to } = net.link(a, b, { latency: ms(1), rate: gbit(1000) })
  let arrived = 0
  to.attach({ received: () => void arrived++, batchEnd() {} })
  const frame = new Uint8Array(1514)
  return perSecondAsync(count, async () => {
    for (let sent = 0; sent < count; sent += 500) {
      for (let i = 0; i < 500; i++) from.transmit(frame)
      await net.run()
    }
    if (arrived !== count) throw new Error(`${arrived} of ${count} frames arrived`)
  })
}

/** UDP datagrams of 64 octets, host to host over a line of five routers: six hops each, headers checked and rewritten. */
async function routed(): Promise<number> {
  const count = 50_000
  const net = internet({ seed: 1 })
  const line: SimHost[] = [net.host('a')]
  for (let i = 1; i <= 5; i++) line.push(net.router(`r${i}`))
  line.push(net.host('b'))
  for (let i = 1; i < line.length; i++) net.link(line[i - 1]!, line[i]!, { latency: ms(1) })
  const last = line.at(-1)!
  const from = await line[0]!.datagrams()
  const to = await last.datagrams({ address: '0.0.0.0', port: 9 })
  let arrived = 0
  to.attach({ onDatagram: () => arrived++, onError() {}, onClose() {} })
  const bytes = new Uint8Array(64)
  const address = { address: last.address, port: 9 }
  await net.run({ for: ms(0) })
  from.send(bytes, address)
  await net.run({ for: ms(100) })
  return (
    6 *
    (await perSecondAsync(count, async () => {
      for (let sent = 0; sent < count; sent += 500) {
        for (let i = 0; i < 500; i++) from.send(bytes, address)
        await net.run({ for: ms(10) })
      }
      if (arrived !== count + 1) throw new Error(`${arrived} of ${count + 1} datagrams arrived`)
    }))
  )
}

/** One TCP stream from host to host, read by a program: full data segments a second, acknowledgements besides. */
async function tcp(log: EventLog = silent): Promise<number> {
  const size = 50_000_000
  const net = internet({ seed: 1, log })
  const [a, b] = [net.host('a'), net.host('b')]
  net.link(a, b, { latency: ms(0.1), rate: gbit(10) })
  return perSecondAsync(size / SEGMENT, () => transfer(net, a, b, size))
}

/** The same with every event made and recorded: what watching costs. */
function watched(): Promise<number> {
  return tcp(new RecordingLog(200_000))
}

/** Questions and answers of 100 and 200 octets over ten open connections, both ends programs. */
async function exchanges(): Promise<number> {
  const count = 30_000
  const net = internet({ seed: 1 })
  const [a, b] = [net.host('a'), net.host('b')]
  net.link(a, b, { latency: ms(0.1), rate: gbit(1) })
  const [question, answer] = [new Uint8Array(100), new Uint8Array(200)]
  const ask = async () => {
    const connection = await a.connect({ address: b.address, port: 80 })
    let answered = 0
    await new Promise<void>((resolve) => {
      const onData = () => {
        if (++answered === count / 10) resolve()
        else connection.write(question)
      }
      connection.attach({ onData, onEnd() {}, onDrain() {}, onClose() {} })
      connection.write(question)
    })
  }
  return perSecondAsync(count, () =>
    net.run(async () => {
      await b.listen({ address: '0.0.0.0', port: 80 }, (connection) => {
        connection.attach({ onData: () => connection.write(answer), onEnd() {}, onDrain() {}, onClose() {} })
      })
      await Promise.all(Array.from({ length: 10 }, ask))
    }),
  )
}

function transfer(net: Internet, a: SimHost, b: SimHost, size: number): Promise<void> {
  return net.run(async () => {
    let received = 0
    const done = new Promise<void>((resolve) => {
      b.listen({ address: '0.0.0.0', port: 80 }, (connection) => {
        connection.attach({
          onData: (bytes) => (received += bytes.length),
          onEnd: () => connection.end(),
          onDrain() {},
          onClose: () => resolve(),
        })
      })
    })
    const connection = await a.connect({ address: b.address, port: 80 })
    const chunk = new Uint8Array(64 * 1024)
    let left = size
    const pump = () => {
      while (left > 0) {
        const part = chunk.subarray(0, Math.min(left, chunk.length))
        left -= part.length
        if (!connection.write(part) && left > 0) return
      }
      connection.end()
    }
    connection.attach({ onData() {}, onEnd() {}, onDrain: pump, onClose() {} })
    pump()
    await done
    if (received !== size) throw new Error(`${received} of ${size} bytes arrived`)
  })
}

/** Per second of processor time: other work on the machine does not count. */
function perSecond(count: number, work: () => void): number {
  const started = process.cpuUsage()
  work()
  return count / seconds(process.cpuUsage(started))
}

async function perSecondAsync(count: number, work: () => Promise<void>): Promise<number> {
  const started = process.cpuUsage()
  await work()
  return count / seconds(process.cpuUsage(started))
}

function seconds({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1e6
}

const benches: readonly {
  name: string
  unit: string
  floor: number
  goal: number
  run: () => number | Promise<number>
}[] = [
  { name: 'schedule push+pop, 10,000 waiting', unit: 'operations/s', floor: 2e6, goal: 5e6, run: schedule },
  { name: 'frames through one link', unit: 'hops/s', floor: 5e5, goal: 1e6, run: link },
  { name: 'datagrams over five routers', unit: 'hops/s', floor: 0, goal: 5e5, run: routed },
  { name: 'TCP data segments to a program', unit: 'segments/s', floor: 1.5e5, goal: 3e5, run: () => tcp() },
  { name: 'the same, every event recorded', unit: 'segments/s', floor: 7.5e4, goal: 2e5, run: watched },
  { name: 'questions and answers over TCP', unit: 'exchanges/s', floor: 2e4, goal: 5e4, run: exchanges },
]

const rows: Row[] = []
for (const { name, unit, floor, goal, run } of benches) {
  const rounds: number[] = []
  for (let i = 0; i < ROUNDS; i++) rounds.push(await run())
  rounds.sort((a, b) => a - b)
  rows.push({ name, unit, median: rounds[ROUNDS >> 1]!, lowest: rounds[0]!, highest: rounds.at(-1)!, floor, goal })
}
printTable(rows, process.argv.includes('--json'))
