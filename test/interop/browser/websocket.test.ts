/** WebSockets with a real browser: both kinds of messages, compression, subprotocols, pages of other origins. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seconds } from '../../../src/base/duration.ts'
import { acceptWebSocket, serve } from '../../../src/http/index.ts'
import { kernelHost } from '../../../src/kernel/index.ts'
import { needCommand } from '../../need.ts'
import { launchChromium } from './chromium.ts'

/** In the page: sends each message, and gives what comes back as text. */
function converse(address: string) {
  return new Promise<{ extensions: string; protocol: string; heard: string[]; code: number; clean: boolean }>(
    (resolve) => {
      const socket = new WebSocket(address, ['other', 'echo'])
      socket.binaryType = 'arraybuffer'
      const heard: string[] = []
      const say: (string | Uint8Array<ArrayBuffer>)[] = [
        '',
        'κόσμε',
        'x'.repeat(100_000),
        new Uint8Array(3_000).fill(65),
      ]
      socket.onopen = () => say.forEach((message) => void socket.send(message))
      socket.onmessage = ({ data }) => {
        heard.push(typeof data === 'string' ? data : `octets ${new TextDecoder().decode(data)}`)
        if (heard.length === say.length) socket.close(3000, 'done')
      }
      socket.onclose = ({ code, wasClean }) =>
        resolve({ extensions: socket.extensions, protocol: socket.protocol, heard, code, clean: wasClean })
    },
  )
}

test('Chromium: messages, compression, subprotocol, close, and a page of another origin', {
  skip: needCommand('chromium'),
}, async () => {
  const host = kernelHost()
  const page = '<!doctype html><title>here</title>'
  const server = await serve(
    host,
    (exchange) => {
      if (exchange.path === '/') return exchange.reply(200, ['Content-Type', 'text/html'], page)
      const socket = acceptWebSocket(exchange, {
        deflate: { takeover: exchange.path === '/takeover', from: 0 },
        protocols: ['echo'],
      })
      if (socket !== null) socket.onMessage = (message) => void socket.send(message)
    },
    { port: 0, address: '127.0.0.1' },
  )
  const elsewhere = await serve(host, (exchange) => exchange.reply(200, ['Content-Type', 'text/html'], page), {
    port: 0,
    address: '127.0.0.1',
  })
  const browser = await launchChromium()
  try {
    const own = await browser.newPage()
    await own.goto(`http://127.0.0.1:${server.local.port}/`)
    for (const path of ['shared', 'takeover']) {
      const said = await own.evaluate(converse, `ws://127.0.0.1:${server.local.port}/${path}`)
      assert.deepEqual(
        said.heard.map((text) => text.slice(0, 8) + text.length),
        ['0', 'κόσμε5', 'xxxxxxxx100000', 'octets A3007'],
      )
      assert.match(said.extensions, /^permessage-deflate/)
      assert.deepEqual([said.protocol, said.code, said.clean], ['echo', 3000, true])
    }
    const other = await browser.newPage()
    await other.goto(`http://127.0.0.1:${elsewhere.local.port}/`)
    const refused = await other.evaluate(converse, `ws://127.0.0.1:${server.local.port}/shared`)
    assert.deepEqual([refused.heard, refused.code], [[], 1006])
  } finally {
    await browser.close()
    await server.close(seconds(1))
    await elsewhere.close(seconds(1))
  }
})
