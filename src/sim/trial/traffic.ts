/**
 * For the property tests of this floor: three streams each way between a home and a server, through address
 * translation and routers, in weather drawn from a seed, with noise beside them and machines that crash.
 */
import { seconds, sleep } from '../../base/duration.ts'
import type { SocketError } from '../../base/errors.ts'
import { type EventLog, silent } from '../../base/events.ts'
import { below, type Random, SeededRandom, unit } from '../../base/random.ts'
import type { Connection } from '../../socket/host.ts'
import { internet, kbit, mbit, ms, type SimHost } from '../index.ts'

/** One end of a stream: what came to it, and what it was told. */
export interface Outcome {
  readonly end: string
  received: number
  /** Where the first wrong byte was; -1: nowhere. */
  wrong: number
  /** The stream came to its end. */
  ended: boolean
  /** 'closed', or why not; '': nothing. */
  told: string
  /** The machine has not crashed under it. */
  readonly alive: () => boolean
}

export interface Traffic {
  readonly size: number
  readonly crashed: string
  readonly outcomes: readonly Outcome[]
}

const STREAMS = 3
const ATTEMPTS = 5

/** The weather of one link. */
function weather(random: Random, bad: boolean) {
  return {
    latency: ms(1 + below(random, 60)),
    rate: below(random, 4) === 0 ? kbit(64) : mbit(1 + below(random, 100)),
    jitter: below(random, 2) === 0 ? ms(0) : ms(below(random, 20)),
    loss: bad ? unit(random) * 0.3 : 0,
    reorder: below(random, 2) === 0 ? 0 : unit(random) * 0.2,
    duplicate: below(random, 2) === 0 ? 0 : unit(random) * 0.1,
    // On one link only: two turned bits in one packet can make up for each other in the Internet checksum.
    corrupt: bad ? unit(random) * 0.05 : 0,
    mtu: below(random, 3) === 0 ? 576 : 1500,
  }
}

/** Runs it all until nothing is left to happen: keepalive bounds how long a peer that is gone can be waited for. */
export async function traffic(seed: number, log: EventLog = silent): Promise<Traffic> {
  const random = new SeededRandom(`traffic ${seed}`)
  const net = internet({ seed, log })
  const [laptop, server] = [net.host('laptop'), net.host('server')]
  const home = net.homeRouter('home')
  const [near, middle, far] = [net.router('near'), net.router('middle'), net.router('far')]
  const bad = below(random, 4)
  net.link(home.lan, laptop, weather(random, bad === 0))
  net.link(home.wan, near, weather(random, bad === 1))
  net.link(near, middle, weather(random, bad === 2))
  net.link(middle, far, weather(random, bad === 3))
  net.link(far, server, weather(random, false))
  const size = 20_000 + below(random, 60_000)
  const crashing = below(random, 4) === 0 ? [laptop, server, home][below(random, 3)]! : null
  const outcomes: Outcome[] = []
  await net.run(async () => {
    await server.listen({ address: '0.0.0.0', port: 80 }, (connection) => {
      outcomes.push(converse(server, connection, [1, 0], size))
    })
  })
  for (let i = 0; i < STREAMS; i++) void ask(laptop, server, size, outcomes)
  void noise(laptop, server, random.fork('noise'))
  if (crashing !== null) net.clock.at(net.now + ms(300 + below(random, 15_000)), () => crashing.restart())
  await net.run()
  return { size, crashed: crashing?.name ?? '', outcomes }
}

/** Any byte of a stream, by its direction and place. */
const byteAt = (direction: number, place: number): number =>
  (Math.imul(place + direction * 7919, 0x9e3779b1) >>> 13) & 255

/** Sends and checks `size` bytes each way. */
function converse(
  host: SimHost,
  connection: Connection,
  [out, back]: readonly [number, number],
  size: number,
): Outcome {
  const { stack } = host
  const found: Outcome = { ...NOTHING, end: host.name, alive: () => host.stack === stack }
  let sent = 0
  const pump = () => {
    while (sent < size) {
      const part = Uint8Array.from({ length: Math.min(5000, size - sent) }, (_, i) => byteAt(out, sent + i))
      sent += part.length
      if (!connection.write(part) && sent < size) return
    }
    connection.end()
  }
  connection.attach({
    onData(bytes) {
      for (let i = 0; i < bytes.length && found.wrong < 0; i++)
        if (bytes[i] !== byteAt(back, found.received + i)) found.wrong = found.received + i
      found.received += bytes.length
    },
    onEnd() {
      found.ended = true
    },
    onDrain: pump,
    onClose(error) {
      found.told = error?.code ?? 'closed'
    },
  })
  connection.setOption('SO_KEEPALIVE', 1)
  pump()
  return found
}

const NOTHING = { received: 0, wrong: -1, ended: false, told: '' }

/** A stream of the client's. Where no way is found (three ARP questions lost in a row) it tries again. */
async function ask(laptop: SimHost, server: SimHost, size: number, outcomes: Outcome[]): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      const connection = await laptop.connect({ address: server.address, port: 80 })
      outcomes.push(converse(laptop, connection, [0, 1], size))
      return
    } catch (error) {
      const told = (error as SocketError).code
      if (attempt === ATTEMPTS) outcomes.push({ ...NOTHING, end: laptop.name, told, alive: () => true })
      if (attempt === ATTEMPTS) return
      await sleep(laptop.clock, seconds(1))
    }
  }
}

/** Datagrams that nobody waits for. */
async function noise(from: SimHost, to: SimHost, random: Random): Promise<void> {
  const socket = await from.datagrams()
  for (let i = 0; i < 200; i++) {
    socket.send(new Uint8Array(1 + below(random, 1200)), { address: to.address, port: 9 })
    await sleep(from.clock, ms(10 + below(random, 400)))
  }
  socket.close()
}

/** What is wrong with a run, one line for each fault. */
export function faults({ size, crashed, outcomes }: Traffic): string[] {
  const lines: string[] = []
  for (const { end, received, wrong, ended, told, alive } of outcomes) {
    const whole = received === size && ended
    if (wrong >= 0) lines.push(`${end}: byte ${wrong} is wrong`)
    if (received > size) lines.push(`${end}: ${received} bytes of ${size}`)
    if (told === 'closed' && !whole) lines.push(`${end}: closed in order with ${received} of ${size} bytes`)
    if (told === 'ECONNRESET' && crashed === '') lines.push(`${end}: reset, and nobody had crashed`)
    if (told === '' && alive()) lines.push(`${end}: was told nothing, with ${received} of ${size} bytes`)
  }
  if (crashed === '' && outcomes.length < 2 * STREAMS && outcomes.every(({ told }) => told === 'closed'))
    lines.push(`${outcomes.length} ends of ${2 * STREAMS}`)
  return lines
}
