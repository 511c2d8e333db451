/**
 * `node test/conformance/websocket/run.ts [--role server|client|both] [--url ws://host:port/] [--port N] [--cases REGEXP] [--thorough] [--json]`
 *
 * Goes through RFC 6455 and RFC 7692 case by case. Without more it tests our own server and our own client. With `--url`
 * it tests the server there, which has to echo messages. With `--role client --port 9001` it waits for a client that
 * echoes, asks `/getCaseCount` for their number, opens `/runCase?case=N` for each and `/updateReports` at the end.
 */
import { parseArgs } from 'node:util'
import { kernelHost } from '../../../src/kernel/index.ts'
import { echoClient } from './echo-client.ts'
import { echoServer } from './echo-server.ts'
import { FuzzingServer, type Result, testServer } from './suite.ts'

const { values } = parseArgs({
  options: {
    role: { type: 'string', default: 'both' },
    url: { type: 'string' },
    port: { type: 'string' },
    cases: { type: 'string', default: '' },
    thorough: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})
const wanted = new RegExp(values.cases === '' ? '' : `^(?:${values.cases})`)

async function server(): Promise<Result[]> {
  if (values.url !== undefined) return testServer(new URL(values.url), wanted, values.thorough)
  const own = await echoServer(kernelHost(), 0)
  const results = await testServer(new URL(`http://127.0.0.1:${own.local.port}/`), wanted, values.thorough)
  await own.close()
  return results
}

async function client(): Promise<Result[]> {
  const fuzzing = new FuzzingServer(wanted, values.thorough)
  const port = await fuzzing.listen(Number(values.port ?? 0))
  if (values.port === undefined) await echoClient(kernelHost(), `ws://127.0.0.1:${port}`)
  await fuzzing.done
  await fuzzing.close()
  return fuzzing.results
}

function tell(role: string, results: readonly Result[]): void {
  const of = (verdict: string) => results.filter((one) => one.verdict === verdict)
  for (const { id, title, why } of of('failed')) console.log(`${role} ${id.padEnd(8)} ${title}\n         ${why}`)
  console.log(`${role}: ${of('ok').length} ok, ${of('failed').length} failed, ${of('skipped').length} skipped`)
}

const roles = values.url !== undefined ? ['server'] : values.role === 'both' ? ['server', 'client'] : [values.role]
const report: Record<string, Result[]> = {}
for (const role of roles) report[role] = role === 'client' ? await client() : await server()
if (values.json) console.log(JSON.stringify(report, null, 1))
else for (const [role, results] of Object.entries(report)) tell(role, results)
process.exitCode = Object.values(report).some((results) => results.some(({ verdict }) => verdict === 'failed')) ? 1 : 0
