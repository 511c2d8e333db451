import assert from 'node:assert/strict'
import { test } from 'node:test'
import { html } from '../../templates/index.ts'
import { quiet } from '../trial/fixture.ts'

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
  assert.match((failures[0]!.error as Error).message, /must be text or bytes/)
})

test('pieces of HTML are escaped where they were made', async () => {
  const { site, web } = quiet()
  site.get('/page', (c) =>
    c.stream(
      (async function* () {
        yield html`<ul>`
        for (const item of ['a', '<b>']) yield html`<li>${item}</li>`
        yield html`</ul>`
      })(),
      { type: 'text/html; charset=utf-8' },
    ),
  )
  assert.equal((await web.get('/page')).text, '<ul><li>a</li><li>&lt;b&gt;</li></ul>')
})

test('a source that cannot be left properly holds nobody up', async () => {
  const returns = [
    () => {
      throw new Error('return fails')
    },
    () => undefined,
    () => Promise.reject(new Error('return fails later')),
    () => new Promise(() => {}),
  ]
  for (const leave of returns) {
    const { site, web, failures } = quiet()
    const broken = { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error('lost')), return: leave }) }
    site.get('/x', () => broken as never)
    await assert.rejects(web.get('/x'))
    assert.equal((failures[0]!.error as Error).message, 'lost')
    assert.equal((await web.head('/x')).status, 200)
  }
})

test('a source whose next() throws or gives no promise is heard all the same', async () => {
  const { site, web, failures } = quiet()
  let left = 2
  const plain = () => (left-- > 0 ? { done: false, value: 'x' } : { done: true, value: undefined })
  site.get('/plain', () => ({ [Symbol.asyncIterator]: () => ({ next: plain }) }) as never)
  site.get('/throws', () => ({
    [Symbol.asyncIterator]: () => ({
      next() {
        throw new Error('at once')
      },
    }),
  }))
  assert.equal((await web.get('/plain')).text, 'xx')
  await assert.rejects(web.get('/throws'))
  assert.equal((failures[0]!.error as Error).message, 'at once')
})

test('a stream without end holds nothing of what it has sent', async () => {
  const { site } = quiet()
  const sizes: number[] = []
  site.get('/x', async function* () {
    for (let i = 0; i <= 400_000; i++) {
      if (i % 100_000 === 0) {
        globalThis.gc?.()
        sizes.push(process.memoryUsage().heapUsed)
      }
      yield ''
    }
    yield 'end'
  })
  const { gc } = globalThis
  if (gc === undefined) {
    const { setFlagsFromString } = await import('node:v8')
    const { runInNewContext } = await import('node:vm')
    setFlagsFromString('--expose-gc')
    globalThis.gc = runInNewContext('gc')
  }
  const reply = await site.fetch(new Request('http://localhost/x'))
  assert.equal(await reply.text(), 'end')
  assert.ok(sizes[4]! - sizes[1]! < 5_000_000, `from ${sizes[1]} to ${sizes[4]} bytes`)
})
