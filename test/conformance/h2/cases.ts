/**
 * What a server of HTTP/2 does with what a client may send, section by section of RFC 9113, RFC 7541, RFC 8441 and RFC 9218.
 * Each case is what the client sends after its preface and SETTINGS, and what has to come back. A server under test answers
 * `GET /` and `POST /` with 200.
 */
import { Code, FrameType, PREFACE, Setting } from '../../../src/http/h2/codes.ts'
import {
  block,
  data,
  frame,
  GET,
  headers,
  join,
  numbers,
  type Octets,
  POST,
  settingsFrame,
} from '../../../src/http/trial/frames.ts'

/** What has to be seen. Where several codes are given, each is right. */
export type Expectation =
  /** The connection ends with one of the codes, or without a word where `silent`. */
  | { readonly goaway: readonly number[]; readonly silent?: boolean }
  /** The stream is reset, or the connection ended, with one of the codes. */
  | { readonly reset: readonly number[]; readonly stream?: number }
  /** Replies on these streams, and a connection that goes on. */
  | { readonly replies: readonly number[] }
  /** A connection that goes on, and no reply. */
  | { readonly alive: true }

export interface Case {
  readonly section: string
  readonly title: string
  /** What is sent. */
  readonly send: Octets
  /** In place of preface and SETTINGS. */
  readonly raw?: boolean
  readonly expect: Expectation
}

const { protocol, flowControl, streamClosed, frameSize, compression, refused, calm } = Code
const T = FrameType
const END_HEADERS = 4
const END = 1
const PADDED = 8

const get = headers(1, GET)
const post = headers(1, POST, false)
const without = (fields: readonly string[], name: string) =>
  fields.flatMap((f, i) => (i % 2 === 0 && f !== name ? [f, fields[i + 1]!] : []))
const large = (length: number) => new Uint8Array(length)

const list: [string, string, Octets, Expectation][] = [
  ['5.1', 'idle: DATA', data(1, 'x', true), { goaway: [protocol] }],
  ['5.1', 'idle: RST_STREAM', frame(T.reset, 0, 1, numbers(8)), { goaway: [protocol] }],
  ['5.1', 'idle: WINDOW_UPDATE', frame(T.window, 0, 1, numbers(100)), { goaway: [protocol] }],
  ['5.1', 'idle: CONTINUATION', frame(T.continuation, END_HEADERS, 1, block(...GET)), { goaway: [protocol] }],
  [
    '5.1',
    'half closed (remote): DATA',
    join(headers(1, [...GET.slice(0, 4), ':path', '/slow', ...GET.slice(6)]), data(1, 'x', true)),
    { reset: [streamClosed] },
  ],
  [
    '5.1',
    'half closed (remote): HEADERS',
    join(headers(1, [...GET.slice(0, 4), ':path', '/slow', ...GET.slice(6)]), headers(1, GET)),
    { reset: [streamClosed] },
  ],
  [
    '5.1',
    'closed by RST_STREAM: DATA',
    join(post, frame(T.reset, 0, 1, numbers(8)), data(1, 'x', true)),
    { reset: [streamClosed] },
  ],
  [
    '5.1',
    'closed by RST_STREAM: HEADERS',
    join(post, frame(T.reset, 0, 1, numbers(8)), headers(1, GET)),
    { reset: [streamClosed] },
  ],
  ['5.1', 'closed: WINDOW_UPDATE is ignored', join(get, frame(T.window, 0, 1, numbers(1))), { replies: [1] }],
  [
    '5.1',
    'RST_STREAM twice',
    join(post, frame(T.reset, 0, 1, numbers(8)), frame(T.reset, 0, 1, numbers(8))),
    { alive: true },
  ],
  [
    '5.1',
    'closed: PRIORITY is allowed',
    join(get, frame(T.priority, 0, 1, Uint8Array.of(0, 0, 0, 0, 15))),
    { replies: [1] },
  ],
  ['5.1.1', 'an even number', headers(2, GET), { goaway: [protocol] }],
  [
    '5.1.1',
    'a number below one that was used',
    join(headers(5, GET), headers(3, GET)),
    { goaway: [protocol, streamClosed] },
  ],
  ['5.1.1', 'numbers may be left out', join(headers(5, GET), headers(9, GET)), { replies: [5, 9] }],
  [
    '5.1.2',
    'more streams than are allowed',
    join(...Array.from({ length: 400 }, (_, i) => headers(2 * i + 1, POST, false))),
    { reset: [protocol, refused] },
  ],
  [
    '5.3.2',
    'PRIORITY on an idle stream is allowed',
    join(frame(T.priority, 0, 7, Uint8Array.of(0, 0, 0, 1, 15)), get),
    { replies: [1] },
  ],
  ['5.5', 'a frame of an unknown type is ignored', join(frame(77, 0xff, 0, 'whatever'), get), { replies: [1] }],
  [
    '5.5',
    'an unknown frame within a header block',
    join(frame(T.headers, END, 1, block(...GET)), frame(77, 0, 1), frame(T.continuation, END_HEADERS, 1)),
    { goaway: [protocol] },
  ],
  ['4.1', 'flags that mean nothing are ignored', join(frame(T.ping, 0x16, 0, '12345678'), get), { replies: [1] }],
  ['4.1', 'the reserved bit is ignored', join(frame(T.ping, 0, 0x8000_0000, '12345678'), get), { replies: [1] }],
  ['4.2', 'a frame of 16,384 octets', join(post, data(1, large(16_384), true)), { replies: [1] }],
  ['4.2', 'DATA longer than SETTINGS_MAX_FRAME_SIZE', join(post, data(1, large(16_385), true)), { reset: [frameSize] }],
  [
    '4.2',
    'HEADERS longer than SETTINGS_MAX_FRAME_SIZE',
    frame(T.headers, 5, 1, large(16_385)),
    { goaway: [frameSize] },
  ],
  [
    '4.3',
    'a block that is no HPACK',
    frame(T.headers, 5, 1, Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff)),
    { goaway: [compression] },
  ],
  [
    '4.3',
    'a block in parts',
    join(
      frame(T.headers, END, 1, block(...GET).slice(0, 9)),
      frame(T.continuation, 0, 1, block(...GET).slice(9, 10)),
      frame(T.continuation, END_HEADERS, 1, block(...GET).slice(10)),
    ),
    { replies: [1] },
  ],
  [
    '4.3',
    'another stream within a block',
    join(frame(T.headers, END, 1, block(...GET)), headers(3, GET)),
    { goaway: [protocol] },
  ],
  [
    '4.3',
    'PRIORITY within a block',
    join(frame(T.headers, END, 1, block(...GET)), frame(T.priority, 0, 1, large(5))),
    { goaway: [protocol] },
  ],
  [
    '4.3',
    'the table stays right on a stream that is not served',
    join(
      ...Array.from({ length: 300 }, (_, i) =>
        frame(
          T.headers,
          4,
          2 * i + 1,
          i === 0 ? join(block(...POST), Uint8Array.of(0x40, 1, 97, 1, 98)) : join(block(...POST), Uint8Array.of(0xbe)),
        ),
      ),
    ),
    { reset: [refused] },
  ],
  ['6.1', 'DATA without a stream', data(0, 'x'), { goaway: [protocol] }],
  ['6.1', 'DATA with padding', join(post, frame(T.data, END | PADDED, 1, '\x03abc\0\0\0')), { replies: [1] }],
  [
    '6.1',
    'padding as long as the frame',
    join(post, frame(T.data, END | PADDED, 1, '\x05abcd')),
    { goaway: [protocol] },
  ],
  [
    '6.1',
    'DATA of no octets with padding',
    join(post, frame(T.data, END | PADDED, 1)),
    { goaway: [protocol, frameSize] },
  ],
  ['6.2', 'HEADERS without a stream', headers(0, GET), { goaway: [protocol] }],
  [
    '6.2',
    'HEADERS with padding and priority',
    frame(T.headers, 0x2d, 1, join(Uint8Array.of(2, 0, 0, 0, 0, 9), block(...GET), large(2))),
    { replies: [1] },
  ],
  [
    '6.2',
    'HEADERS with padding that is too long',
    frame(T.headers, 0x0d, 1, join(Uint8Array.of(255), block(...GET))),
    { goaway: [protocol] },
  ],
  ['6.3', 'PRIORITY without a stream', frame(T.priority, 0, 0, large(5)), { goaway: [protocol] }],
  ['6.3', 'PRIORITY of 4 octets', join(post, frame(T.priority, 0, 1, large(4))), { reset: [frameSize] }],
  ['6.4', 'RST_STREAM without a stream', frame(T.reset, 0, 0, numbers(8)), { goaway: [protocol] }],
  ['6.4', 'RST_STREAM of 3 octets', join(post, frame(T.reset, 0, 1, large(3))), { goaway: [frameSize] }],
  ['6.5', 'SETTINGS on a stream', frame(T.settings, 0, 1, large(6)), { goaway: [protocol] }],
  ['6.5', 'SETTINGS with an acknowledgment and content', frame(T.settings, 1, 0, large(6)), { goaway: [frameSize] }],
  ['6.5', 'SETTINGS of 5 octets', frame(T.settings, 0, 0, large(5)), { goaway: [frameSize] }],
  ['6.5.2', 'ENABLE_PUSH of 2', settingsFrame(Setting.push, 2), { goaway: [protocol] }],
  ['6.5.2', 'INITIAL_WINDOW_SIZE of 2^31', settingsFrame(Setting.window, 0x8000_0000), { goaway: [flowControl] }],
  ['6.5.2', 'MAX_FRAME_SIZE of 16,383', settingsFrame(Setting.frameBytes, 16_383), { goaway: [protocol] }],
  ['6.5.2', 'MAX_FRAME_SIZE of 2^24', settingsFrame(Setting.frameBytes, 16_777_216), { goaway: [protocol] }],
  ['6.5.2', 'an unknown setting is ignored', join(settingsFrame(99, 1), get), { replies: [1] }],
  ['6.5.3', 'a table of no octets, then a request', join(settingsFrame(Setting.tableBytes, 0), get), { replies: [1] }],
  [
    '6.6',
    'PUSH_PROMISE from a client',
    join(post, frame(T.push, END_HEADERS, 1, join(numbers(2), block(...GET)))),
    { goaway: [protocol] },
  ],
  ['6.7', 'PING on a stream', frame(T.ping, 0, 1, large(8)), { goaway: [protocol] }],
  ['6.7', 'PING of 6 octets', frame(T.ping, 0, 0, large(6)), { goaway: [frameSize] }],
  ['6.7', 'an answer to a PING is not answered', frame(T.ping, 1, 0, 'no reply'), { alive: true }],
  ['6.8', 'GOAWAY on a stream', frame(T.goaway, 0, 1, numbers(0, 0)), { goaway: [protocol] }],
  ['6.8', 'GOAWAY of 7 octets', frame(T.goaway, 0, 0, large(7)), { goaway: [frameSize] }],
  ['6.9', 'WINDOW_UPDATE of 3 octets', frame(T.window, 0, 0, large(3)), { goaway: [frameSize] }],
  ['6.9', 'WINDOW_UPDATE of the connection by 0', frame(T.window, 0, 0, numbers(0)), { goaway: [protocol] }],
  ['6.9', 'WINDOW_UPDATE of a stream by 0', join(post, frame(T.window, 0, 1, numbers(0))), { reset: [protocol] }],
  [
    '6.9.1',
    'the window of the connection past 2^31-1',
    join(frame(T.window, 0, 0, numbers(0x7fff_ffff)), frame(T.window, 0, 0, numbers(0x7fff_ffff))),
    { goaway: [flowControl] },
  ],
  [
    '6.9.1',
    'the window of a stream past 2^31-1',
    join(post, frame(T.window, 0, 1, numbers(0x7fff_ffff)), frame(T.window, 0, 1, numbers(0x7fff_ffff))),
    { reset: [flowControl] },
  ],
  [
    '6.9.2',
    'a window that was changed by SETTINGS is kept to',
    join(settingsFrame(Setting.window, 1), get, settingsFrame(Setting.window, 65_535)),
    { replies: [1] },
  ],
  [
    '6.9.2',
    'SETTINGS that make a window of 2^31 or more',
    join(post, frame(T.window, 0, 1, numbers(0x7fff_0000)), settingsFrame(Setting.window, 0x7fff_ffff)),
    { goaway: [flowControl] },
  ],
  [
    '6.10',
    'CONTINUATION on another stream',
    join(frame(T.headers, END, 1, block(...GET)), frame(T.continuation, END_HEADERS, 3)),
    { goaway: [protocol] },
  ],
  [
    '6.10',
    'CONTINUATION without a stream',
    join(frame(T.headers, END, 1, block(...GET)), frame(T.continuation, END_HEADERS, 0)),
    { goaway: [protocol] },
  ],
  [
    '6.10',
    'CONTINUATION after a block that is complete',
    join(post, frame(T.continuation, END_HEADERS, 1)),
    { goaway: [protocol] },
  ],
  [
    '6.10',
    'CONTINUATION after DATA',
    join(post, data(1, 'x'), frame(T.continuation, END_HEADERS, 1)),
    { goaway: [protocol] },
  ],
  [
    '8.1',
    'HEADERS after the content that do not end the stream',
    join(post, headers(1, ['x-a', '1'], false)),
    { reset: [protocol] },
  ],
  ['8.1', 'trailers', join(post, data(1, 'x'), headers(1, ['x-a', '1'])), { replies: [1] }],
  [
    '8.1.1',
    'less content than content-length',
    join(headers(1, [...POST, 'content-length', '2'], false), data(1, 'x', true)),
    { reset: [protocol] },
  ],
  [
    '8.1.1',
    'more content than content-length',
    join(headers(1, [...POST, 'content-length', '2'], false), data(1, 'xxx', true)),
    { reset: [protocol] },
  ],
  [
    '8.1.1',
    'content in several frames',
    join(headers(1, [...POST, 'content-length', '4'], false), data(1, 'xx'), data(1, 'xx', true)),
    { replies: [1] },
  ],
  ['8.1.1', 'content-length and no content', headers(1, [...POST, 'content-length', '1']), { reset: [protocol] }],
  [
    '8.1.1',
    'trailers before all of the content',
    join(headers(1, [...POST, 'content-length', '4'], false), data(1, 'xx'), headers(1, ['x-a', '1'])),
    { reset: [protocol] },
  ],
  [
    '8.1.1',
    'two values of content-length',
    headers(1, [...POST, 'content-length', '0', 'content-length', '1']),
    { reset: [protocol] },
  ],
  ['8.2', 'an upper-case name', headers(1, [...GET, 'X-Test', 'ok']), { reset: [protocol] }],
  ['8.2.1', 'a line break in a value', headers(1, [...GET, 'x-test', 'a\r\nb: c']), { reset: [protocol] }],
  ['8.2.1', 'a NUL in a value', headers(1, [...GET, 'x-test', 'a\0b']), { reset: [protocol] }],
  ['8.2.1', 'white space before a value', headers(1, [...GET, 'x-test', ' a']), { reset: [protocol] }],
  ['8.2.1', 'a colon in a name', headers(1, [...GET, 'x:test', 'a']), { reset: [protocol] }],
  ['8.2.1', 'an empty name', headers(1, [...GET, '', 'a']), { reset: [protocol] }],
  ...['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade'].map(
    (name): [string, string, Octets, Expectation] => [
      '8.2.2',
      `the field ${name}`,
      headers(1, [...GET, name, 'x']),
      { reset: [protocol] },
    ],
  ),
  [
    '8.2.2',
    'TE with another value than trailers',
    headers(1, [...GET, 'te', 'trailers, deflate']),
    { reset: [protocol] },
  ],
  ['8.2.2', 'TE with trailers', headers(1, [...GET, 'te', 'trailers']), { replies: [1] }],
  ['8.3', 'an unknown pseudo-header field', headers(1, [...GET, ':test', 'x']), { reset: [protocol] }],
  ['8.3', ':status in a request', headers(1, [...GET, ':status', '200']), { reset: [protocol] }],
  ['8.3', 'a pseudo-header field after a regular one', headers(1, ['x-a', '1', ...GET]), { reset: [protocol] }],
  ['8.3', 'a pseudo-header field in trailers', join(post, headers(1, [':method', 'x'])), { reset: [protocol] }],
  ['8.3.1', 'an empty :path', headers(1, [...without(GET, ':path'), ':path', '']), { reset: [protocol] }],
  ...[':method', ':scheme', ':path', ':authority'].flatMap((name): [string, string, Octets, Expectation][] => [
    ['8.3.1', `no ${name}`, headers(1, without(GET, name)), { reset: [protocol] }],
    ['8.3.1', `${name} twice`, headers(1, [name, GET[GET.indexOf(name) + 1]!, ...GET]), { reset: [protocol] }],
  ]),
  [
    '8.3.1',
    'host in place of :authority',
    headers(1, [...without(GET, ':authority'), 'host', 'web']),
    { replies: [1] },
  ],
  ['8.3.1', 'host that is another one than :authority', headers(1, [...GET, 'host', 'other']), { reset: [protocol] }],
  [
    '8.3.1',
    ':authority with a user',
    headers(1, [...without(GET, ':authority'), ':authority', 'me@web']),
    { reset: [protocol] },
  ],
  [
    '8.3.1',
    ':path that does not begin with /',
    headers(1, [...without(GET, ':path'), ':path', 'index']),
    { reset: [protocol] },
  ],
  ['8.3.1', ':path with a fragment', headers(1, [...without(GET, ':path'), ':path', '/a#b']), { reset: [protocol] }],
  [
    '8.3.1',
    '* for another method than OPTIONS',
    headers(1, [...without(GET, ':path'), ':path', '*']),
    { reset: [protocol] },
  ],
  [
    '8.3.1',
    'OPTIONS *',
    headers(1, [':method', 'OPTIONS', ':scheme', 'http', ':path', '*', ':authority', 'web']),
    { replies: [1] },
  ],
  [
    '8.5',
    'CONNECT with :path',
    headers(1, [':method', 'CONNECT', ':authority', 'a:1', ':path', '/']),
    { reset: [protocol] },
  ],
  ['8.5', 'CONNECT without a port', headers(1, [':method', 'CONNECT', ':authority', 'a']), { reset: [protocol] }],
  ['9.1', 'two requests at once', join(headers(1, GET), headers(3, GET)), { replies: [1, 3] }],
  [
    '10.5',
    'a header block without end',
    join(frame(T.headers, END, 1, block(...GET)), ...Array.from({ length: 200 }, () => frame(T.continuation, 0, 1))),
    { goaway: [calm, protocol] },
  ],
  ['RFC 8441 §4', ':protocol in a GET', headers(1, [...GET, ':protocol', 'websocket']), { reset: [protocol] }],
  [
    'RFC 8441 §4',
    'extended CONNECT without :path',
    headers(1, [':method', 'CONNECT', ':protocol', 'websocket', ':scheme', 'http', ':authority', 'web']),
    { reset: [protocol] },
  ],
  [
    'RFC 9218 §7.1',
    'PRIORITY_UPDATE on a stream',
    frame(T.priorityUpdate, 0, 1, join(numbers(1), new Uint8Array(0))),
    { goaway: [protocol] },
  ],
  ['RFC 9218 §7.1', 'PRIORITY_UPDATE for stream 0', frame(T.priorityUpdate, 0, 0, numbers(0)), { goaway: [protocol] }],
  [
    'RFC 9218 §7.1',
    'PRIORITY_UPDATE before its request',
    join(frame(T.priorityUpdate, 0, 0, join(numbers(1), Uint8Array.of(117, 61, 48))), get),
    { replies: [1] },
  ],
  [
    'RFC 9218 §2.1',
    'NO_RFC7540_PRIORITIES that change',
    join(settingsFrame(Setting.noOldPriorities, 1), settingsFrame(Setting.noOldPriorities, 0)),
    { goaway: [protocol] },
  ],
  [
    '6.9',
    'WINDOW_UPDATE by 0 of a stream that is over',
    join(get, frame(T.window, 0, 1, numbers(0))),
    { reset: [protocol] },
  ],
  ['RFC 9218 §4', 'a Priority field that is none', headers(1, [...GET, 'priority', 'u=9, i=x, ???']), { replies: [1] }],
  [
    'RFC 7541 §2.3.3',
    'an index that is in no table',
    frame(T.headers, 5, 1, Uint8Array.of(0xc6)),
    { goaway: [compression] },
  ],
  [
    'RFC 7541 §4.2',
    'a change of the table size at the end of a block',
    frame(T.headers, 5, 1, join(block(...GET), Uint8Array.of(0x20))),
    { goaway: [compression] },
  ],
  [
    'RFC 7541 §5.2',
    'padding of the Huffman code of more than 7 bits',
    frame(T.headers, 5, 1, join(block(...GET), Uint8Array.of(0, 1, 97, 0x82, 0x1f, 0xff))),
    { goaway: [compression] },
  ],
  [
    'RFC 7541 §5.2',
    'padding of the Huffman code with zeros',
    frame(T.headers, 5, 1, join(block(...GET), Uint8Array.of(0, 1, 97, 0x81, 0x18))),
    { goaway: [compression] },
  ],
  [
    'RFC 7541 §5.2',
    'EOS within a string',
    frame(T.headers, 5, 1, join(block(...GET), Uint8Array.of(0, 1, 97, 0x84, 0xff, 0xff, 0xff, 0xfc))),
    { goaway: [compression] },
  ],
  ['RFC 7541 §6.1', 'the index 0', frame(T.headers, 5, 1, Uint8Array.of(0x80)), { goaway: [compression] }],
  [
    'RFC 7541 §6.3',
    'a table larger than SETTINGS_HEADER_TABLE_SIZE',
    frame(T.headers, 5, 1, join(Uint8Array.of(0x3f, 0xe2, 0x1f), block(...GET))),
    { goaway: [compression] },
  ],
]

const beginnings: [string, string, Octets, Expectation][] = [
  ['3.4', 'no preface', join(frame(T.ping, 0, 0, '12345678')), { goaway: [protocol], silent: true }],
  [
    '3.4',
    'a preface with an error',
    join(PREFACE.slice(0, 20), frame(T.ping, 0, 0, '12345678')),
    { goaway: [protocol], silent: true },
  ],
  ['3.4', 'a preface without SETTINGS', join(PREFACE, get), { goaway: [protocol] }],
  ['3.4', 'an acknowledgment as the first SETTINGS', join(PREFACE, frame(T.settings, 1, 0)), { goaway: [protocol] }],
  ['3.4', 'a request at once', join(PREFACE, settingsFrame(), get), { replies: [1] }],
]

export const CASES: readonly Case[] = [
  ...list.map(([section, title, send, expect]) => ({ section, title, send, expect })),
  ...beginnings.map(([section, title, send, expect]) => ({ section, title, send, expect, raw: true })),
]
