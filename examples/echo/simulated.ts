/**
 * The same two files in the simulator: a server and a client on two hosts with a lossy link between, and the
 * conversation drawn as a ladder. `node examples/echo/simulated.ts [LOSS-PERCENT] [SEED]`.
 */
import { RecordingLog } from 'reticle/base'
import { internet, mbit, ms } from 'reticle/sim'
import { journey } from 'reticle/trace'
import { askEcho } from './client.ts'
import { serveEcho } from './server.ts'

export interface EchoRun {
  readonly reply: string
  readonly printed: readonly string[]
  readonly ladder: string
}

export async function simulateEcho(loss = 0, seed: number | string = 1): Promise<EchoRun> {
  const log = new RecordingLog()
  const net = internet({ seed, log })
  const [laptop, server] = [net.host('laptop'), net.host('server')]
  net.link(laptop, server, { latency: ms(20), rate: mbit(10), loss })
  const printed: string[] = []
  const reply = await net.run(async () => {
    const listener = await serveEcho(server, (line) => printed.push(line))
    const said = await askEcho(laptop, ['server', 9999], 'Hello, simulated network!')
    await listener.close()
    return said
  })
  await net.run() // until everything is closed and said
  const hosts = [laptop, server].map((host) => ({ host: host.name, detail: host.address }))
  const paint = (_style: string, text: string): string => text
  return { reply, printed, ladder: journey(log.events, { hosts, columns: 120, paint, everything: true }).join('\n') }
}

if (import.meta.main) {
  const { reply, printed, ladder } = await simulateEcho(Number(process.argv[2] ?? 0) / 100, process.argv[3] ?? 1)
  for (const line of printed) console.log('server:', line)
  console.log('client: Received:', reply)
  console.log(`\n${ladder}`)
}
