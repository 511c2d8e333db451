import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { ms, seconds } from '../../base/duration.ts'
import { compressed } from '../coding/compress.ts'
import { HttpMisuse } from '../errors.ts'
import type { Handler } from '../exchange.ts'
import { answer } from '../platform/memory.ts'
import { type HttpServer, serve } from '../server/serve.ts'
import { type ManualClock, settle, testMachine } from '../trial/machine.ts'
import { TestNetwork } from '../trial/network.ts'
import { RawClient } from '../trial/raw.ts'
import { formatEvent, replyEvents, type ServerEvent } from './server-events.ts'

/** Events that a test gives, one at a time; knows whether it was left. */
class Feed {
  left = false
  since: string | null = null
  #waiting: ((step: IteratorResult<ServerEvent | string>) => void) | null = null

  readonly source = (last: string): AsyncIterable<ServerEvent | string> => {
    this.since = last
    return {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise((resolve) => (this.#waiting = resolve)),
        return: async () => {
          this.left = true
          return { done: true as const, value: undefined }
        },
      }),
    }
  }

  tell(event: ServerEvent | string): Promise<void> {
    this.#waiting!({ done: false, value: event })
    return settle()
  }

  end(): Promise<void> {
    this.#waiting!({ done: true, value: undefined })
    return settle()
  }
}

async function world(handler: Handler) {
  const network = new TestNetwork()
  const host = network.host('web', '10.0.0.80')
  const laptop = network.host('laptop', '10.0.0.2', {}, undefined, host.clock)
  const errors: unknown[] = []
  const server = await serve(host, handler, { port: 80, onError: (error) => void errors.push(error) })
  return { host, server, errors, clock: host.clock, client: () => RawClient.open(laptop, server.local) }
}

const say = (peer: RawClient, text: string) => peer.connection.write(Buffer.from(text, 'latin1'))

async function closed(server: HttpServer, clock: ManualClock): Promise<void> {
  const closing = server.close()
  await clock.advance(seconds(40))
  await closing
}

test('events as the standard writes them', () => {
  assert.equal(formatEvent('hello'), 'data: hello\n\n')
  assert.equal(formatEvent(''), 'data: \n\n')
  assert.equal(formatEvent('a\nb\r\nc\rd\n'), 'data: a\ndata: b\ndata: c\ndata: d\ndata: \n\n')
  assert.equal(
    formatEvent({ event: 'price', id: '17', retry: seconds(2), data: '{}' }),
    'event: price\nid: 17\nretry: 2000\ndata: {}\n\n',
  )
  assert.equal(formatEvent({ data: 'x', id: '' }), 'id: \ndata: x\n\n', 'an empty id takes the last one back')
})

test('no name, id or text writes fields or events of its own', () => {
  for (const end of ['\n', '\r', '\r\n', '\0']) {
    assert.throws(() => formatEvent({ data: 'x', event: `a${end}data: planted` }), HttpMisuse)
    assert.throws(() => formatEvent({ data: 'x', id: `a${end}data: planted` }), HttpMisuse)
  }
  for (const line of formatEvent('a\rdata: planted\n\nevent: planted\u2028id: planted')
    .trimEnd()
    .split(/\r\n|\r|\n/))
    assert.match(line, /^data: /)
  assert.throws(() => formatEvent({ data: 5 as never }), /must be text/)
  assert.throws(() => formatEvent({ data: 'x', retry: 5000 as never }), /seconds\(|ms\(/)
})

test('events, then comments while nothing happens, then the end of the source', async () => {
  const feed = new Feed()
  const { client, clock, server } = await world((exchange) => replyEvents(exchange, feed.source, { retry: ms(500) }))
  const peer = await client()
  say(peer, 'GET / HTTP/1.1\r\nHost: a\r\nLast-Event-ID: gr\xc3\xbc\xc3\x9fe\r\n\r\n')
  await settle()
  assert.equal(feed.since, 'grüße')
  assert.match(peer.text, /content-type: text\/event-stream/i)
  assert.match(peer.text, /retry: 500\n\n/)
  await feed.tell({ id: '1', data: 'one' })
  assert.match(peer.text, /id: 1\ndata: one\n\n/)
  assert.doesNotMatch(peer.text, /\n:\n\n/)
  await clock.advance(seconds(16))
  assert.equal(peer.text.split(':\n\n').length, 2, 'one heartbeat')
  await clock.advance(seconds(30))
  assert.equal(peer.text.split(':\n\n').length, 4)
  await feed.tell('two')
  await feed.end()
  assert.match(peer.text, /data: two\n\n\r\n0\r\n\r\n$/)
  await closed(server, clock)
})

test('a client that leaves lets the source go, and so does a server that closes', async () => {
  const feeds: Feed[] = []
  const { client, clock, server, errors } = await world((exchange) => {
    const feed = new Feed()
    feeds.push(feed)
    return replyEvents(exchange, feed.source)
  })
  const [gone, stays] = [await client(), await client()]
  for (const peer of [gone, stays]) say(peer, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await settle()
  gone.connection.reset()
  await settle()
  assert.deepEqual(
    feeds.map((feed) => feed.left),
    [true, false],
  )
  const closing = closed(server, clock)
  await settle()
  assert.equal(feeds[1]!.left, true)
  assert.match(stays.text, /0\r\n\r\n$/, 'the stream ends whole, and the page connects again')
  await closing
  assert.equal(clock.timers, 0, 'no heartbeat is left')
  assert.deepEqual(errors, [])
})

test('a source that fails breaks the stream off and is reported', async () => {
  const { client, server, errors, clock } = await world((exchange) =>
    // biome-ignore lint/correctness/useYield: it fails before
    replyEvents(exchange, async function* () {
      throw new Error('no more news')
    }),
  )
  const peer = await client()
  say(peer, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await settle()
  assert.match(String(errors[0]), /no more news/)
  assert.doesNotMatch(peer.text, /0\r\n\r\n$/)
  await closed(server, clock)
})

test('a client that reads slowly holds the source back; compression changes nothing', async () => {
  let told = 0
  const events = async function* () {
    for (; told < 100; told++) yield { id: String(told), data: 'x'.repeat(1_000) }
  }
  const request = () => new Request('http://a/', { headers: { 'accept-encoding': 'gzip' } })
  const handler = compressed((exchange) => replyEvents(exchange, events))
  const whole = await answer(handler, request(), testMachine())
  const text = gunzipSync(Buffer.from(await whole.arrayBuffer())).toString()
  assert.equal(text.split('\n\n').length, 102)
  assert.match(text, /^:\n\nid: 0\ndata: x{1000}\n\n/)
  told = 0
  const endless = async function* () {
    for (; ; told++) yield 'y'.repeat(100_000)
  }
  const slow = await answer((exchange) => replyEvents(exchange, endless), new Request('http://a/'), testMachine())
  await settle()
  assert.ok(told < 20, `${told} events for a client that reads nothing`)
  await slow.body!.cancel()
})
