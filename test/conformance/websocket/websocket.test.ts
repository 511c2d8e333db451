/** RFC 6455 and RFC 7692, case by case: our server, and our client. `run.ts` does the same with all sizes, and for others. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kernelHost } from '../../../src/kernel/index.ts'
import { echoClient } from './echo-client.ts'
import { echoServer } from './echo-server.ts'
import { allCases, FuzzingServer, type Result, testServer } from './suite.ts'

/** Sections 12 and 13 are one loop: every third case of it here. */
const WANTED = /^(?!1[23]\.[1-7]\.\d*[^147]$)/

function held(results: readonly Result[]): void {
  assert.deepEqual(
    results.filter(({ verdict }) => verdict !== 'ok').map(({ id, title, why }) => `${id} ${title}: ${why}`),
    [],
  )
  assert.ok(results.length > 350, `only ${results.length} cases were run`)
}

test('every case has its own id', () => {
  const ids = allCases(false).map(({ id }) => id)
  assert.equal(new Set(ids).size, ids.length)
})

test('a server that echoes passes all cases', async () => {
  await using server = await echoServer(kernelHost(), 0)
  held(await testServer(new URL(`http://127.0.0.1:${server.local.port}/`), WANTED, false))
})

test('a client that echoes passes all cases', async () => {
  const fuzzing = new FuzzingServer(WANTED, false)
  const port = await fuzzing.listen(0)
  try {
    await echoClient(kernelHost(), `ws://127.0.0.1:${port}`)
  } finally {
    await fuzzing.close()
  }
  held(fuzzing.results)
})
