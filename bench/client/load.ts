/** Asks a server over and over, so many requests at once. Arguments: CLIENT PORT FLIGHT COUNT. Prints CPU µs per request. */
import { Agent, request } from 'undici'
import { Client } from '../../src/http/index.ts'
import { kernelHost } from '../../src/kernel/index.ts'

const [name, port, flight, count] = process.argv.slice(2) as [string, string, string, string]
const url = `http://127.0.0.1:${port}/`
const connections = Number(flight)

/** One request, and its body as text. */
type Ask = () => Promise<string>

const ASKS: Readonly<Record<string, () => { ask: Ask; close: () => unknown }>> = {
  reticle() {
    const client = new Client(kernelHost(), { connections })
    return { ask: async () => (await client.request(url)).body.text(), close: () => client.close() }
  },
  undici() {
    const dispatcher = new Agent({ connections })
    return { ask: async () => (await request(url, { dispatcher })).body.text(), close: () => dispatcher.destroy() }
  },
}

const { ask, close } = ASKS[name]!()

async function run(total: number): Promise<void> {
  let left = total
  const line = async () => {
    while (left-- > 0) if ((await ask()).length !== 13) throw new Error('another body')
  }
  await Promise.all(Array.from({ length: connections }, line))
}

await run(Math.max(2_000, connections * 20))
const before = process.cpuUsage()
const start = process.hrtime.bigint()
await run(Number(count))
const { user, system } = process.cpuUsage(before)
const seconds = Number(process.hrtime.bigint() - start) / 1e9
console.log(JSON.stringify({ micros: (user + system) / Number(count), perSecond: Number(count) / seconds }))
await close()
