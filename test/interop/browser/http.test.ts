/** HTTP with a real browser: event streams that end with their tab, aborted fetches, many requests at once. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { chromium } from 'playwright-core'
import { ms } from '../../../src/base/duration.ts'
import { type Handler, serve } from '../../../src/http/index.ts'
import { kernelHost } from '../../../src/kernel/index.ts'
import { html } from '../../../src/templates/index.ts'
import { app } from '../../../src/web/index.ts'
import { commandPath, needCommand } from '../../need.ts'

/** What keeps Chromium from talking to anybody but us. */
const QUIET = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking']

const IMAGES = 100
const PIXEL = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64')

async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 2000 && !holds(); i++) await wait(10)
  assert.ok(holds())
}

/** What the pages of the test leave behind here. */
interface Seen {
  streams: number
  polls: number
  pictures: number
  posts: string[]
}

function handlerFor(seen: Seen): Handler {
  return async (exchange) => {
    const { path, signal } = exchange
    const gone = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
    if (path === '/events') {
      seen.streams++
      exchange.start(200, ['Content-Type', 'text/event-stream']).write('data: hello\n\n')
      await gone
      seen.streams--
    } else if (path === '/poll') {
      seen.polls++
      await gone
      seen.polls--
    } else if (path.startsWith('/picture')) {
      seen.pictures++
      exchange.reply(200, ['Content-Type', 'image/gif', 'Cache-Control', 'no-store'], PIXEL)
    } else if (path === '/post') {
      seen.posts.push(await exchange.body.text())
      exchange.reply(204, [], null)
    } else exchange.reply(200, ['Content-Type', 'text/html; charset=utf-8'], '<!doctype html><title>here</title>')
  }
}

async function browsing(t: TestContext) {
  const seen: Seen = { streams: 0, polls: 0, pictures: 0, posts: [] }
  const server = await serve(kernelHost(), handlerFor(seen), { address: '127.0.0.1', port: 0 })
  const browser = await chromium.launch({ executablePath: commandPath('chromium')!, args: QUIET })
  t.after(async () => {
    await browser.close()
    await server.close()
  })
  return { seen, server, browser, base: `http://127.0.0.1:${server.local.port}` }
}

test('a tab that is closed ends its event stream and its long poll at once', {
  skip: needCommand('chromium'),
  timeout: 60_000,
}, async (t) => {
  const { seen, server, browser, base } = await browsing(t)
  const page = await browser.newPage()
  await page.goto(base)
  const greeting = await page.evaluate(
    () =>
      new Promise<string>((resolve) => {
        const source = new EventSource('/events')
        source.onmessage = (event) => resolve(event.data)
        void fetch('/poll').catch(() => {})
      }),
  )
  assert.equal(greeting, 'hello')
  await until(() => seen.streams === 1 && seen.polls === 1)
  await page.close()
  await until(() => seen.streams === 0 && seen.polls === 0)
  await browser.close()
  await until(() => server.connections === 0)
})

test('a fetch that the page aborts is told to the handler; the page goes on', {
  skip: needCommand('chromium'),
  timeout: 60_000,
}, async (t) => {
  const { seen, browser, base } = await browsing(t)
  const page = await browser.newPage()
  await page.goto(base)
  const name = await page.evaluate(async () => {
    const control = new AbortController()
    const poll = fetch('/poll', { signal: control.signal })
    await new Promise((resolve) => setTimeout(resolve, 300))
    control.abort()
    return poll.then(
      () => 'answered',
      (error: Error) => error.name,
    )
  })
  assert.equal(name, 'AbortError')
  await until(() => seen.polls === 0)
  const bodies = await page.evaluate(async (count) => {
    const pictures = Array.from({ length: count }, async (_, i) => (await (await fetch(`/picture${i}`)).blob()).size)
    for (let i = 0; i < 5; i++) await fetch('/post', { method: 'POST', body: `é${i}` })
    return Promise.all(pictures)
  }, IMAGES)
  assert.deepEqual(new Set(bodies), new Set([PIXEL.length]))
  assert.deepEqual([seen.pictures, seen.posts], [IMAGES, ['é0', 'é1', 'é2', 'é3', 'é4']])
})

test('an event stream of a site: names, ids, an end, and the page goes on behind the last id, compressed or not', {
  skip: needCommand('chromium'),
  timeout: 60_000,
}, async (t) => {
  const asked: string[] = []
  const site = app({ log: () => {} })
  site.get('/', () => html`<!doctype html><title>here</title>`)
  site.get('/events', (c) =>
    c.events(
      async function* (last) {
        asked.push(last)
        const from = Number(last) || 0
        for (let i = from + 1; i <= from + 3; i++) yield { id: String(i), event: 'tick', data: `line ${i}\n\u00fc` }
      },
      { retry: ms(10) },
    ),
  )
  const server = await site.serve(kernelHost(), { address: '127.0.0.1', port: 0 })
  const browser = await chromium.launch({ executablePath: commandPath('chromium')!, args: QUIET })
  t.after(async () => {
    await browser.close()
    await server.close()
  })
  const page = await browser.newPage()
  const codings: (string | undefined)[] = []
  page.on('response', (response) => {
    if (response.url().endsWith('/events')) codings.push(response.headers()['content-encoding'])
  })
  await page.goto(`http://127.0.0.1:${server.local.port}/`)
  const heard = await page.evaluate(
    () =>
      new Promise<string[]>((resolve) => {
        const lines: string[] = []
        const source = new EventSource('/events')
        source.addEventListener('tick', (event) => {
          lines.push(`${(event as MessageEvent).lastEventId}: ${(event as MessageEvent).data}`)
          if (lines.length === 7) {
            source.close()
            resolve(lines)
          }
        })
      }),
  )
  assert.deepEqual(
    heard,
    [1, 2, 3, 4, 5, 6, 7].map((i) => `${i}: line ${i}\n\u00fc`),
  )
  assert.deepEqual(asked.slice(0, 3), ['', '3', '6'])
  assert.match(String(codings[0]), /^(?:gzip|br|zstd)$/)
})
