import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { hours } from '../../base/duration.ts'
import { testMachine } from '../../http/trial/machine.ts'
import { app } from '../site/app.ts'
import { beginFile } from './node/storage.ts'
import { removeUpload, saveUpload, sweepUploads, uploadedFiles } from './uploads.ts'

const PNG = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2, 3])
const upload = (bytes: Uint8Array) => ({ name: 'x', type: 'a/b', bytes })

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'reticle-uploads-'))
  t.after(() => rmSync(path, { recursive: true }))
  return path
}

/** A body of one file that breaks off, or comes whole. */
function sent(pieces: readonly Uint8Array[], breaksOff: boolean): Request {
  async function* body() {
    yield Buffer.from('--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n')
    yield* pieces
    if (breaksOff) throw new Error('the client has left')
    yield Buffer.from('\r\n--b--\r\n')
  }
  const headers = { 'content-type': 'multipart/form-data; boundary=b' }
  return new Request('http://localhost/', {
    method: 'POST',
    body: ReadableStream.from(body()),
    headers,
    duplex: 'half',
  })
}

test('a file is there when it is whole, and never before', async (t) => {
  const directory = folder(t)
  const file = await beginFile(directory, '.0123456789abcdef0123456789abcdef.part')
  await file.write(PNG)
  assert.deepEqual(readdirSync(directory), ['.0123456789abcdef0123456789abcdef.part'])
  await file.keep('kept.png')
  assert.deepEqual(readdirSync(directory), ['kept.png'])
  assert.deepEqual(new Uint8Array(readFileSync(join(directory, 'kept.png'))), PNG)
  const other = await beginFile(directory, '.x.part')
  await other.write(PNG)
  await other.discard()
  assert.deepEqual(readdirSync(directory), ['kept.png'])
})

test('a part of a body is written as it comes, its type told by its beginning; one that breaks off leaves nothing', async (t) => {
  const directory = folder(t)
  const site = app({ machine: testMachine(), log: () => {} })
  site.post('/', async (c) => {
    for await (const part of c.body.parts()) return await saveUpload(directory, part, { max: 200_000 })
    return 'none'
  })
  const whole = await site.fetch(sent([PNG.subarray(0, 3), PNG.subarray(3), new Uint8Array(100_000)], false))
  const name = await whole.text()
  assert.match(name, /^[0-9a-f]{32}\.png$/)
  assert.equal(readFileSync(join(directory, name)).length, PNG.length + 100_000)
  assert.ok((await site.fetch(sent([PNG, new Uint8Array(50_000)], true))).status >= 400)
  assert.equal((await site.fetch(sent([PNG, new Uint8Array(300_000)], false))).status, 413)
  assert.deepEqual(readdirSync(directory), [name], 'no half file is left')
})

test('what nothing names is swept, what is young or strange is left', async (t) => {
  const directory = folder(t)
  const [named, orphan, young] = await Promise.all([PNG, PNG, PNG].map((bytes) => saveUpload(directory, upload(bytes))))
  writeFileSync(join(directory, '.00000000000000000000000000000000.part'), 'half')
  writeFileSync(join(directory, 'notes.txt'), 'of the operator')
  const old = new Date(Date.now() - 2 * 3_600_000)
  for (const name of readdirSync(directory)) if (name !== young) utimesSync(join(directory, name), old, old)
  const gone = await sweepUploads(directory, async (name) => name === named, { olderThan: hours(1) })
  assert.deepEqual([...gone].sort(), ['.00000000000000000000000000000000.part', orphan].sort())
  assert.deepEqual(readdirSync(directory).sort(), ['notes.txt', named, young].sort())
  assert.deepEqual(await sweepUploads(join(directory, 'nowhere'), () => false), [])
  assert.throws(() => sweepUploads(directory, () => false, { olderThan: 5 as never }), /must be 0 or at least/)
})

test('an upload is removed by its name, and by nothing else', async (t) => {
  const directory = folder(t)
  writeFileSync(join(directory, 'secret.txt'), 'secret')
  const name = await saveUpload(directory, upload(PNG))
  assert.equal(await removeUpload(directory, name), true)
  assert.equal(await removeUpload(directory, name), false)
  for (const wrong of ['../secret.txt', 'secret.txt', '', `${name}/..`, '.0123456789abcdef0123456789abcdef.part'])
    assert.throws(() => removeUpload(directory, wrong), /is not a name of an upload/)
  assert.deepEqual(readdirSync(directory), ['secret.txt'])
})

test('a file that is not whole yet is not served', async (t) => {
  const directory = folder(t)
  const site = app({ machine: testMachine() })
  site.mount('/up', uploadedFiles(directory))
  writeFileSync(join(directory, '.0123456789abcdef0123456789abcdef.part'), 'half')
  const asked = await site.fetch(new Request('http://localhost/up/.0123456789abcdef0123456789abcdef.part'))
  assert.equal(asked.status, 404)
})
