import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import test from 'node:test'
import { promisify } from 'node:util'
import { unpatched } from './patched.ts'

test('versions before the fixes of their line, and lines without fixes, are told with what to do', () => {
  assert.match(unpatched('24.22.0')!, /^Node 24\.22\.0 has known faults .* update to 24\.22\.1 or newer$/)
  assert.match(unpatched('v26.10.0')!, /update to 26\.12\.1/)
  assert.match(unpatched('25.9.1')!, /gets no security fixes any more: run a server on Node 26/)
  assert.match(unpatched('22.1.0')!, /no security fixes/)
  for (const fine of ['24.22.1', '24.23.0', '26.12.1', '26.13.0', '27.0.0', '', 'nonsense'])
    assert.equal(unpatched(fine), null, fine)
})

test('a server that only this machine reaches does not warn, one for others does, once', async () => {
  const code = `
    import { kernelHost } from ${JSON.stringify(join(import.meta.dirname, 'index.ts'))}
    Object.defineProperty(process.versions, 'node', { value: '24.0.0' })
    process.on('warning', ({ code }) => { if (code === 'RETICLE_UNPATCHED_NODE') console.log('warned') })
    for (const address of process.argv.slice(1)) {
      const listener = await kernelHost().listen({ address, port: 0 }, () => {})
      await listener.close()
    }`
  const listenAt = async (...addresses: string[]): Promise<string> =>
    (await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code, ...addresses])).stdout
  assert.equal(await listenAt('127.0.0.1'), '')
  assert.equal(await listenAt('0.0.0.0', '0.0.0.0'), 'warned\n')
})
