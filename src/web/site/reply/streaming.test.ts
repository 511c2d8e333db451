import assert from 'node:assert/strict'
import { test } from 'node:test'
import { quiet } from '../fixture.ts'

test('a stream that fails on the way does not look whole', async () => {
  const { site, failures } = quiet()
  site.get('/x', async function* () {
    yield 'begun'
    throw new Error('lost')
  })
  const reply = await site.fetch(new Request('http://localhost/x'))
  await assert.rejects(reply.text())
  assert.equal((failures[0]!.error as Error).message, 'lost')
})

test('a client that leaves need not wait for the source', async () => {
  const { site } = quiet()
  let left = false
  let done: (() => void) | null = null
  const ended = new Promise<void>((resolve) => (done = resolve))
  site.get('/x', () => ({
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise<never>(() => {}),
      return: async () => {
        left = true
        return { done: true as const, value: undefined }
      },
    }),
  }))
  site.teardown(() => done!())
  const leaving = new AbortController()
  const reply = await site.fetch(new Request('http://localhost/x', { signal: leaving.signal }))
  assert.equal(reply.status, 200)
  leaving.abort()
  await ended
  assert.equal(left, true)
})

test('a body that an error or a hook put aside is let go of', async () => {
  const { site, web } = quiet()
  let released = 0
  const held = () => ({
    [Symbol.asyncIterator]: () => ({
      next: async () => ({ done: false as const, value: 'x' }),
      return: async () => {
        released++
        throw new Error('nobody hears this')
      },
    }),
  })
  site.get('/replaced', held)
  site.get('/failed', (c) => c.stream(held(), { headers: { 'X-Bad': 'ü\u1234' } }))
  site.after((c) => (c.path === '/replaced' ? 'other' : undefined))
  assert.equal((await web.get('/replaced')).text, 'other')
  assert.equal((await web.get('/failed')).status, 500)
  assert.equal(released, 2)
})

test('a HEAD of a stream does not run it', async () => {
  const { site, web } = quiet()
  let ran = false
  site.get('/x', () =>
    (async function* () {
      ran = true
      yield 'x'
    })(),
  )
  assert.equal((await web.head('/x')).status, 200)
  assert.equal(ran, false)
})

test('pieces are text or bytes', async () => {
  const { site, failures } = quiet()
  site.get('/x', async function* () {
    yield { a: 1 }
  } as never)
  const reply = await site.fetch(new Request('http://localhost/x'))
  await assert.rejects(reply.text())
  assert.match((failures[0]!.error as Error).message, /neither text nor bytes/)
})
