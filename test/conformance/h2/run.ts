/**
 * node test/conformance/h2/run.ts [PORT [ADDRESS]]
 *
 * Every case against a server of HTTP/2 with prior knowledge, which answers `GET /` and `POST /` with 200: our own where
 * no port is given.
 */
import { serve } from '../../../src/http/index.ts'
import { kernelHost } from '../../../src/kernel/index.ts'
import { CASES } from './cases.ts'
import { check } from './check.ts'
import { answerCase } from './world.ts'

const host = kernelHost()
const [given, address = '127.0.0.1'] = process.argv.slice(2)
const server = given === undefined ? await serve(host, answerCase, { port: 0, address: '127.0.0.1' }) : null
const port = given === undefined ? (server!.local as { port: number }).port : Number(given)
let failed = 0
for (const each of CASES) {
  const connection = await host.connect({ address, port })
  const late = setTimeout(() => connection.reset(), 3_000)
  const fault = await check(each, connection)
  clearTimeout(late)
  if (fault !== null) failed++
  console.log(`${fault === null ? 'ok  ' : 'FAIL'} ${each.section} ${each.title}${fault === null ? '' : `: ${fault}`}`)
}
await server?.close()
console.log(`${CASES.length - failed} of ${CASES.length} cases as they should be`)
process.exitCode = failed === 0 ? 0 : 1
