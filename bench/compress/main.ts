/**
 * What compressing a reply costs and saves: `npm run bench -- compress [--rounds N]`. The same handler answers the same request
 * with each coding in turn, in this process and without a network, so that the figures are of the coding and of what carries it.
 */
import { parseArgs } from 'node:util'
import { answer, compressed, type Exchange } from '../../src/http/index.ts'
import { kernelHost } from '../../src/kernel/index.ts'

const CODINGS = ['', 'gzip', 'br', 'zstd'] as const
const SIZES = [2_000, 20_000, 200_000]
/** Of each coding in each round. */
const REPLIES = 60

/** JSON as lists of rows have it. */
function rows(bytes: number): string {
  let text = '['
  for (let id = 1; text.length < bytes; id++)
    text += `{"id":${id},"name":"member ${id * 7919}","mail":"m${id}@example.org","seen":"2026-01-${1 + (id % 28)}"},`
  return `${text.slice(0, -1)}]`
}

const host = kernelHost()

/** Microseconds of one reply, and its bytes. */
async function measured(body: string, coding: string): Promise<{ micros: number; bytes: number }> {
  const handler = compressed((exchange: Exchange) => exchange.reply(200, ['Content-Type', 'application/json'], body))
  const headers = { 'accept-encoding': coding }
  let bytes = 0
  const start = process.cpuUsage()
  for (let i = 0; i < REPLIES; i++) {
    const reply = await answer(handler, new Request('http://a/', { headers }), host)
    bytes = (await reply.arrayBuffer()).byteLength
  }
  const { user, system } = process.cpuUsage(start)
  return { micros: (user + system) / REPLIES, bytes }
}

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '9' } }, strict: false })
console.log('bytes      coding      sent   of plain   CPU µs a reply   over plain')
for (const size of SIZES) {
  const body = rows(size)
  const micros = new Map<string, number[]>(CODINGS.map((coding) => [coding, []]))
  const sent = new Map<string, number>()
  for (let round = -1; round < Number(values['rounds']); round++)
    for (const coding of CODINGS) {
      const one = await measured(body, coding)
      sent.set(coding, one.bytes)
      if (round >= 0) micros.get(coding)!.push(one.micros)
    }
  const median = (coding: string) =>
    micros.get(coding)!.sort((a, b) => a - b)[Math.floor(micros.get(coding)!.length / 2)]!
  for (const coding of CODINGS) {
    const share = sent.get(coding)! / sent.get('')!
    const over = median(coding) / median('')
    console.log(
      `${String(body.length).padEnd(10)} ${(coding || 'none').padEnd(8)} ${String(sent.get(coding)).padStart(7)} ` +
        `${share.toFixed(2).padStart(10)} ${median(coding).toFixed(0).padStart(16)} ${over.toFixed(2).padStart(12)}`,
    )
  }
}
