import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testMachine } from '../../http/trial/machine.ts'
import { app } from '../site/app.ts'
import type { BodyPart } from './parts.ts'

const head = (name: string, filename = '; filename="x"') =>
  Buffer.from(`\r\n--b\r\nContent-Disposition: form-data; name="${name}"${filename}\r\n\r\n`)
const END = Buffer.from('\r\n--b--\r\n')
const PIECE = 65_536

/** Sends pieces and counts how many have been asked for. */
function upload(pieces: Iterable<Uint8Array>): { request: Request; asked: () => number } {
  let asked = 0
  async function* body() {
    for (const piece of pieces) {
      asked++
      yield piece
    }
  }
  const headers = { 'content-type': 'multipart/form-data; boundary=b' }
  const init: RequestInit = { method: 'POST', body: ReadableStream.from(body()), headers, duplex: 'half' }
  return { request: new Request('http://localhost/parts', init), asked: () => asked }
}

function* large(pieces: number): Iterable<Uint8Array> {
  yield head('large').subarray(2)
  for (let i = 0; i < pieces; i++) yield new Uint8Array(PIECE)
  yield Buffer.concat([head('note', ''), Buffer.from('ü is here'), head('small'), Buffer.from('abc'), END])
}

function siteThat(take: (part: BodyPart) => Promise<void>, limits = { partsBytes: 100_000_000 }) {
  const site = app({ machine: testMachine(), log: ({ error }) => assert.fail(error as Error) })
  site.post('/parts', async (c) => {
    for await (const part of c.body.parts(limits)) await take(part)
    return 'done'
  })
  return site
}

test('parts come one after another; what is not taken of one is skipped', async () => {
  const got: (string | number)[] = []
  const site = siteThat(async (part) => {
    if (part.filename === null) got.push(part.name, await part.text(100))
    else if (part.name === 'small') for await (const bytes of part) got.push(part.name, bytes.length)
  })
  const reply = await site.fetch(upload(large(610)).request)
  assert.equal(await reply.text(), 'done')
  assert.deepEqual(got, ['note', 'ü is here', 'small', 3])
})

test('a taker that takes its time holds the body back', async () => {
  const { request, asked } = upload(large(200))
  const ahead: number[] = []
  let taken = 0
  const site = siteThat(async (part) => {
    for await (const bytes of part) {
      taken += bytes.length
      // The store behind is slow: meanwhile nothing more than a few pieces may have been asked for.
      for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
      ahead.push(asked() - taken / PIECE)
    }
  })
  assert.equal((await site.fetch(request)).status, 200)
  assert.ok(Math.max(...ahead) < 6, `${Math.max(...ahead)} pieces of ${PIECE} bytes waited in memory`)
})

test('whoever leaves early lets the rest go, and a part is read once', async () => {
  const site = app({ machine: testMachine() })
  site.post('/parts', async (c) => {
    for await (const part of c.body.parts()) {
      for await (const _ of part) break
      await assert.rejects(part.bytes(10), /read already/)
      return part.name
    }
    return 'none'
  })
  assert.equal(await (await site.fetch(upload(large(20)).request)).text(), 'large')
})

test('a part that is read after its loop is an error, and no empty file', async () => {
  const failures: unknown[] = []
  const site = app({ machine: testMachine(), log: ({ error }) => void failures.push(error) })
  site.post('/parts', async (c) => {
    for await (const part of c.body.parts()) return part.bytes(10_000_000) // without await: the loop ends first
    return 'none'
  })
  assert.equal((await site.fetch(upload(large(2)).request)).status, 500)
  assert.match(String(failures[0]), /await what reads it inside the loop/)
})

test('what is wrong with a body is refused where it is met, with its status', async () => {
  const refused = async (pieces: Iterable<Uint8Array>, limits?: { partsBytes: number }) =>
    (await siteThat(async (part) => void (await part.bytes(1000)), limits).fetch(upload(pieces).request)).status
  assert.equal(await refused(large(2)), 413)
  assert.equal(await refused(large(2), { partsBytes: 100 }), 413)
  assert.equal(await refused([head('a').subarray(2), Buffer.from('never ends')]), 400)
  assert.equal(await refused([Buffer.from('--b\r\nX: y\r\n\r\n')]), 400)
})
