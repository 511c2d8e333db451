/** H the opening handshake (RFC 6455 §4): requests that a server refuses, and answers that a client refuses. */
import assert from 'node:assert/strict'
import { accepted, ask, requestLines } from './handshake.ts'

const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='

export interface RequestCase {
  readonly id: string
  readonly title: string
  run(url: URL): Promise<void>
}

/** @param change of the lines of a sound request. */
function refused(
  title: string,
  change: (lines: string[]) => readonly string[],
  statuses: readonly number[],
  check?: (fields: ReadonlyMap<string, string>) => void,
) {
  return {
    title,
    async run(url: URL) {
      const { status, fields, socket } = await ask(url, change(requestLines(url, KEY)))
      socket.destroy()
      assert.ok(statuses.includes(status), `answered ${status}, not ${statuses.join(' or ')}`)
      check?.(fields)
    },
  }
}

const without = (name: string) => (lines: string[]) => lines.filter((line) => !line.startsWith(name))
const instead = (name: string, line: string) => (lines: string[]) => [...without(name)(lines), line]

const cases = [
  {
    title: 'the example of §1.3 is accepted by the value that stands there',
    async run(url: URL) {
      const { status, fields, socket } = await ask(url, requestLines(url, KEY))
      socket.destroy()
      assert.equal(status, 101)
      assert.equal(fields.get('sec-websocket-accept'), 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=')
      assert.equal(fields.get('upgrade')?.toLowerCase(), 'websocket')
      assert.equal(fields.get('connection')?.toLowerCase(), 'upgrade')
      assert.equal(fields.get('sec-websocket-extensions'), undefined)
      assert.equal(fields.get('sec-websocket-protocol'), undefined)
    },
  },
  {
    title: 'case does not matter, nor does company (§4.2.1)',
    async run(url: URL) {
      const lines = requestLines(url, KEY).map((line) =>
        line
          .replace('Upgrade: websocket', 'upgrade: WebSocket')
          .replace('Connection: Upgrade', 'CONNECTION: keep-alive, upgrade'),
      )
      const { status, socket } = await ask(url, lines)
      socket.destroy()
      assert.equal(status, 101)
    },
  },
  refused('no version', without('Sec-WebSocket-Version'), [400, 426]),
  refused(
    'version 12: the server names the one it speaks (§4.4)',
    instead('Sec-WebSocket-Version', 'Sec-WebSocket-Version: 12'),
    [400, 426],
    (fields) => assert.match(fields.get('sec-websocket-version') ?? '', /\b13\b/),
  ),
  refused('no key', without('Sec-WebSocket-Key'), [400]),
  refused('a key of 15 octets', instead('Sec-WebSocket-Key', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j'), [400]),
  refused('a key of 17 octets', instead('Sec-WebSocket-Key', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZTE='), [400]),
  refused(
    'a key that is not Base64',
    instead('Sec-WebSocket-Key', 'Sec-WebSocket-Key: not base 64 at all!!====='),
    [400],
  ),
  refused('two keys', (lines) => [...lines, `Sec-WebSocket-Key: ${KEY}`], [400]),
  refused('POST', (lines) => [lines[0]!.replace('GET', 'POST'), ...lines.slice(1), 'Content-Length: 0'], [400, 405]),
  refused('HTTP/1.0', (lines) => [lines[0]!.replace('1.1', '1.0'), ...lines.slice(1)], [400, 426, 505]),
  refused('no Upgrade', without('Upgrade'), [400, 404, 426]),
  refused('another protocol', instead('Upgrade', 'Upgrade: h2c'), [400, 404, 426]),
  refused('no Connection', without('Connection'), [400, 404, 426]),
  refused('no Host', without('Host'), [400]),
  refused('subprotocols that are no tokens', (lines) => [...lines, 'Sec-WebSocket-Protocol: a b, c'], [400]),
  refused('a subprotocol twice', (lines) => [...lines, 'Sec-WebSocket-Protocol: a, a'], [400]),
  refused(
    'extensions that are no list',
    (lines) => [...lines, 'Sec-WebSocket-Extensions: permessage-deflate; ='],
    [400],
  ),
]

export const requestCases: readonly RequestCase[] = cases.map((one, i) => ({ id: `H.1.${i + 1}`, ...one }))

export interface AnswerCase {
  readonly id: string
  readonly title: string
  /** The head that a client is answered. @param key of its request. */
  answer(key: string): readonly string[]
}

function answerOf(key: string, change: (lines: string[]) => readonly string[]): readonly string[] {
  return change([
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${accepted(key)}`,
  ])
}

const answers: readonly (readonly [string, (lines: string[]) => readonly string[]])[] = [
  [
    '200',
    (lines) => ['HTTP/1.1 200 OK', ...without('Connection')(lines).slice(1), 'Content-Length: 0', 'Connection: close'],
  ],
  ['no Upgrade', without('Upgrade')],
  ['another protocol', instead('Upgrade', 'Upgrade: h2c')],
  ['no Connection', without('Connection')],
  ['no Sec-WebSocket-Accept', without('Sec-WebSocket-Accept')],
  ['a wrong Sec-WebSocket-Accept', instead('Sec-WebSocket-Accept', `Sec-WebSocket-Accept: ${accepted('another key')}`)],
  ['an extension that nobody offered', (lines) => [...lines, 'Sec-WebSocket-Extensions: x-made-up']],
  [
    'permessage-deflate twice',
    (lines) => [...lines, 'Sec-WebSocket-Extensions: permessage-deflate, permessage-deflate'],
  ],
  [
    'permessage-deflate with a parameter that it has not',
    (lines) => [...lines, 'Sec-WebSocket-Extensions: permessage-deflate; made_up=1'],
  ],
  [
    'a window of 16 bits',
    (lines) => [...lines, 'Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=16'],
  ],
  [
    'a window of 08 bits',
    (lines) => [...lines, 'Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=08'],
  ],
  [
    'a parameter twice',
    (lines) => [
      ...lines,
      'Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=9; server_max_window_bits=9',
    ],
  ],
  [
    'a window without a size',
    (lines) => [...lines, 'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits'],
  ],
  ['a subprotocol that nobody offered', (lines) => [...lines, 'Sec-WebSocket-Protocol: x-made-up']],
]

export const answerCases: readonly AnswerCase[] = answers.map(([title, change], i) => ({
  id: `H.2.${i + 1}`,
  title,
  answer: (key) => answerOf(key, change),
}))
