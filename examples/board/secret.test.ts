import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { secretIn } from './secret.ts'

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'reticle-secret-'))
  t.after(() => rmSync(path, { recursive: true }))
  return path
}

test('the secret is made once, for its owner only, and nothing is left beside it', (t) => {
  const path = join(folder(t), 'secret')
  const secret = secretIn(path)
  assert.match(secret, /^[\w-]{43}$/)
  assert.equal(secretIn(path), secret)
  assert.equal(statSync(path).mode & 0o777, 0o600)
  assert.deepEqual(readdirSync(join(path, '..')), ['secret'])
})

test('programs that start at once get the same', async (t) => {
  const path = join(folder(t), 'secret')
  const code = `
    const { parentPort, workerData } = require('node:worker_threads')
    import(workerData.module).then(({ secretIn }) => parentPort.postMessage(secretIn(workerData.path)))`
  const workerData = { module: new URL('./secret.ts', import.meta.url).href, path }
  const secrets = await Promise.all(
    Array.from({ length: 4 }, () => {
      const worker = new Worker(code, { eval: true, workerData })
      return new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))
    }),
  )
  assert.equal(new Set(secrets).size, 1)
})

test('a file that a full disk has left short is named', (t) => {
  const path = join(folder(t), 'secret')
  writeFileSync(path, '')
  assert.throws(() => secretIn(path), /secret holds 0 characters.*delete the file and start again/)
})
