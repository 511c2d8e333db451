/**
 * What one TCP stream carries, by round trip, loss and congestion control: a table that is kept beside this file, so that
 * every change of TCP shows what it does. `node test/sim/throughput.ts` measures, `--write` keeps the result.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { SECOND } from '../../src/base/clock.ts'
import { sleep } from '../../src/base/duration.ts'
import { internet, mbit, ms, type SimHost, seconds } from '../../src/sim/index.ts'
import { ALGORITHMS, TCP_LIMITS } from '../../src/tcp/index.ts'

export const TABLE = new URL('./throughput.txt', import.meta.url)

const ROUND_TRIPS = [1, 20, 100, 300]
const LOSSES = [0, 0.1, 1, 3, 10]
const SEEDS = 3
/** Of the line, bits a second: far more than the buffers allow, but for the shortest round trip. */
const RATE = 1000
/** Round trips before measuring begins: slow start is over then. */
const WARM_UP = 20
/** It ends with so many bytes, or after so long. */
const ENOUGH = 3_000_000
const LONGEST = seconds(60)

/** Writes as much as the connection takes, for ever. */
async function pour(from: SimHost, to: SimHost): Promise<{ received: number; stop(): void }> {
  const outcome = { received: 0, stop() {} }
  await to.listen({ address: '0.0.0.0', port: 80 }, (connection) => {
    connection.attach({
      onData: (bytes) => void (outcome.received += bytes.length),
      onEnd() {},
      onDrain() {},
      onClose() {},
    })
  })
  const connection = await from.connect({ address: to.address, port: 80 })
  const chunk = new Uint8Array(16 * 1024)
  const pump = () => {
    while (connection.write(chunk));
  }
  connection.attach({ onData() {}, onEnd() {}, onDrain: pump, onClose() {} })
  outcome.stop = () => connection.reset()
  pump()
  return outcome
}

/** Mbit/s in the long run. @param roundTrip in milliseconds @param loss in percent, of what the sender sends */
export async function throughput(roundTrip: number, loss: number, congestion: string, seed: number): Promise<number> {
  const net = internet({ seed: `throughput ${seed}` })
  const [from, to] = [net.host('from', { tcp: { congestion } }), net.host('to')]

  const link = net.link(from, to, { latency: ms(roundTrip / 2), rate: mbit(RATE) })
  let carried = 0
  await net.run(
    async () => {
      const stream = await pour(from, to)
      link.weather({ loss: loss / 100, back: { loss: 0 } })
      await sleep(net.clock, ms(WARM_UP * roundTrip))
      const [start, before] = [net.now, stream.received]
      while (stream.received - before < ENOUGH && net.now - start < LONGEST) await sleep(net.clock, ms(2 * roundTrip))
      carried = ((stream.received - before) * 8 * SECOND) / (net.now - start) / 1e6
      stream.stop()
    },
    { limit: seconds(3600) },
  )
  return carried
}

/** Mbit/s that the buffers and the line allow without loss. */
export function allowed(roundTrip: number): number {
  const { receiveBuffer, sendBuffer } = TCP_LIMITS
  // 1,448 of 1,538 octets of a full Ethernet frame are data.
  return Math.min((Math.min(receiveBuffer, sendBuffer) * 8) / (roundTrip * 1000), (RATE * 1448) / 1514)
}

export async function table(): Promise<string> {
  const lines = [
    `Mbit/s of one stream over a line of ${RATE} Mbit/s, by round trip and loss; median of ${SEEDS} seeds.`,
    '',
    `${'congestion control'.padEnd(20)}${'round trip'.padStart(10)}${LOSSES.map((loss) => `${loss} %`.padStart(9)).join('')}`,
  ]
  for (const name of Object.keys(ALGORITHMS))
    for (const roundTrip of ROUND_TRIPS) {
      let line = `${name.padEnd(20)}${`${roundTrip} ms`.padStart(10)}`
      for (const loss of LOSSES) {
        const runs: number[] = []
        for (let seed = 1; seed <= (loss === 0 ? 1 : SEEDS); seed++)
          runs.push(await throughput(roundTrip, loss, name, seed))
        line += runs
          .sort((a, b) => a - b)
          [runs.length >> 1]!.toFixed(2)
          .padStart(9)
      }
      lines.push(line)
    }
  return `${lines.join('\n')}\n`
}

export function kept(): string {
  return readFileSync(TABLE, 'utf8')
}

if (import.meta.main) {
  const measured = await table()
  process.stdout.write(measured)
  if (process.argv.includes('--write')) writeFileSync(TABLE, measured)
}
