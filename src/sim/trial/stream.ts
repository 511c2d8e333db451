/** For the tests of this floor: a byte stream through a simulated network, and weather to try it in. */
import { seconds, sleep } from '../../base/duration.ts'
import type { SocketError } from '../../base/errors.ts'
import { type EventLog, silent } from '../../base/events.ts'
import type { Connection } from '../../socket/host.ts'
import { hours, type Internet, internet, mbit, ms, type SimHost } from '../index.ts'

/** Two hosts with a router between them; the near link loses a tenth of all frames and shuffles, doubles and spoils others. */
export function storm(seed: number, log: EventLog = silent) {
  const net = internet({ seed, log })
  const [from, to, router] = [net.host('from'), net.host('to'), net.router('router')]
  const weather = { loss: 0.1, reorder: 0.1, jitter: ms(3), duplicate: 0.02, corrupt: 0.01 }
  net.link(from, router, { latency: ms(5), rate: mbit(100), ...weather })
  net.link(router, to, { latency: ms(5), rate: mbit(100) })
  return { net, from, to }
}

/** Any byte of the stream, by its place: no piece of it looks like another. */
function byteAt(place: number): number {
  return (Math.imul(place, 0x9e3779b1) >>> 13) & 255
}

/** Three ARP questions in a row can be lost in a storm: then the host is unreachable, and a program tries again. */
async function persistently(from: SimHost, to: SimHost): Promise<Connection> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await from.connect({ address: to.address, port: 80 })
    } catch (error) {
      if (attempt === 5 || (error as SocketError).code !== 'EHOSTUNREACH') throw error
      await sleep(from.clock, seconds(1))
    }
  }
}

/** Sends so many bytes and reads them; says how many came, and where the first wrong one was (-1: nowhere). */
export async function stream(net: Internet, from: SimHost, to: SimHost, size: number) {
  let received = 0
  let wrong = -1
  let sender = ''
  const run = async () => {
    const finished = new Promise<void>((resolve, reject) => {
      to.listen({ address: '0.0.0.0', port: 80 }, (connection) => {
        sender = connection.remote.address ?? ''
        connection.attach({
          onData(bytes) {
            for (let i = 0; i < bytes.length; i++)
              if (bytes[i] !== byteAt(received + i) && wrong < 0) wrong = received + i
            received += bytes.length
          },
          onEnd: () => connection.end(),
          onDrain() {},
          onClose: (error) => (error === null ? resolve() : reject(error)),
        })
      }).catch(reject)
    })
    const connection = await persistently(from, to)
    let sent = 0
    const pump = () => {
      while (sent < size) {
        const part = Uint8Array.from({ length: Math.min(16_384, size - sent) }, (_, i) => byteAt(sent + i))
        sent += part.length
        if (!connection.write(part) && sent < size) return
      }
      connection.end()
    }
    connection.attach({ onData() {}, onEnd() {}, onDrain: pump, onClose() {} })
    pump()
    await finished
  }
  await net.run(run, { limit: hours(24) })
  return { received, wrong, from: sender }
}
