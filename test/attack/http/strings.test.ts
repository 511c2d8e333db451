/** Response splitting and its kin: no string that a program hands over writes a field, a line or an attribute of its own. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CodedError } from '../../../src/base/errors.ts'
import {
  Client,
  type CookieAttributes,
  checkField,
  encodeField,
  formatCookie,
  formatEtag,
  formatEvent,
  formatQuery,
  formatStructuredDictionary,
  formatStructuredItem,
  frameByteranges,
  tunnel,
} from '../../../src/http/index.ts'
import { TestNetwork } from '../../../src/http/trial/network.ts'
import { app, attachment } from '../../../src/web/index.ts'

/** Line ends, NUL, controls, and characters whose low byte is a line end when they are cut to eight bits. */
const SPLITTERS = [
  '\r\n',
  '\n',
  '\r',
  '\0',
  '\x7f',
  '\v',
  '\u010a',
  '\u010d',
  '\u0a0d',
  '\u2028',
  '\ud83d',
  '\u{1f40a}',
]

const none = new Map()
const cookie = (attributes: CookieAttributes) => formatCookie('a', 'b', attributes)

/** Calls that refuse such a string. */
const REFUSING: Record<string, (text: string) => unknown> = {
  'a field name': (text) => checkField(text, 'x'),
  'a field value': (text) => checkField('X', text),
  'a cookie’s name': (text) => formatCookie(text, 'x'),
  'a cookie’s value': (text) => formatCookie('x', text),
  'a cookie’s path': (text) => cookie({ path: `/${text}` }),
  'a cookie’s domain': (text) => cookie({ domain: text }),
  'a cookie’s SameSite': (text) => cookie({ sameSite: text as 'Lax' }),
  'a cookie’s Max-Age': (text) => cookie({ maxAge: text as never }),
  'a cookie’s Expires': (text) => cookie({ expires: text as never }),
  'a structured string': (text) => formatStructuredItem({ item: { type: 'string', value: text }, parameters: none }),
  'a structured token': (text) => formatStructuredItem({ item: { type: 'token', value: text }, parameters: none }),
  'a structured name': (text) =>
    formatStructuredDictionary(new Map([[text, { item: { type: 'boolean', value: true }, parameters: none }]])),
  'the type of parts': (text) => frameByteranges([{ start: 0, end: 1 }], 9, text, 'boundary'),
}

test('names, values and attributes are refused', () => {
  for (const [what, call] of Object.entries(REFUSING))
    for (const splitter of SPLITTERS)
      for (const text of [`a${splitter}b`, splitter, `a${splitter}`])
        assert.throws(() => call(text), CodedError, `${what}: ${JSON.stringify(text)}`)
  for (const attribute of ['; Domain=evil', ', b=c', ' x'])
    for (const call of ['a cookie’s name', 'a cookie’s value', 'a cookie’s domain', 'a cookie’s SameSite'])
      assert.throws(() => REFUSING[call]!(`a${attribute}`), CodedError, `${call}: ${attribute}`)
  assert.throws(() => cookie({ path: '/a; Domain=evil' }), CodedError)
})

/** Calls that write any string in another way. */
const WRITING: Record<string, (text: string) => string> = {
  'an entity tag': (text) => formatEtag(text),
  'a name to save by': (text) => attachment(text),
  'a display string': (text) =>
    formatStructuredItem({ item: { type: 'display', value: text.toWellFormed() }, parameters: none }),
  'a query': (text) => formatQuery([[text, text]]),
}

test('what takes any text writes it so that it is one value', () => {
  for (const [what, call] of Object.entries(WRITING))
    for (const splitter of SPLITTERS) {
      const written = call(`a${splitter}b`)
      checkField('X', written)
      assert.match(written, /^[\x20-\x7e]*$/, `${what}: ${JSON.stringify(written)}`)
    }
  for (const splitter of SPLITTERS)
    if (!/[\r\n\0\x7f\v]/.test(splitter)) checkField('X', encodeField(`a${splitter.toWellFormed()}`))
})

test('events: names and ids are refused, data stays data', () => {
  for (const splitter of ['\r\n', '\n', '\r', '\0']) {
    assert.throws(() => formatEvent({ data: '', event: `a${splitter}data: b` }), CodedError)
    assert.throws(() => formatEvent({ data: '', id: `a${splitter}data: b` }), CodedError)
  }
  for (const splitter of SPLITTERS) {
    const lines = formatEvent(`a${splitter}id: 7`)
      .slice(0, -1)
      .split(/\r\n|\r|\n/)
    for (const line of lines.slice(0, -1)) assert.match(line, /^data: /)
  }
})

test('a client refuses methods, targets, fields and hosts of that kind before it connects', async () => {
  const network = new TestNetwork()
  const client = new Client(network.host('laptop', '10.0.0.2'))
  const url = 'http://10.0.0.80/'
  for (const splitter of SPLITTERS) {
    const calls: Record<string, () => Promise<unknown>> = {
      method: () => client.request(url, { method: `GET${splitter}` }),
      target: () => client.request(url, { target: `/${splitter}HTTP/1.1` }),
      name: () => client.request(url, { fields: [`X${splitter}`, 'a'] }),
      value: () => client.request(url, { fields: ['X', `a${splitter}`] }),
      trailer: () => client.request(url, { method: 'POST', body: 'x', trailers: () => ['X', `a${splitter}`] }),
    }
    for (const [what, call] of Object.entries(calls))
      await assert.rejects(call(), CodedError, `${what}: ${JSON.stringify(splitter)}`)
  }
  assert.equal(network.connections.length, 0)
})

test('a site: fields, cookies, redirects and names of types never reach the wire split', async () => {
  const site = app({ log: () => {} })
  site.get('/field', (c) => {
    c.setHeader('X-A', `a${c.query.get('t')}`)
    return 'x'
  })
  site.get('/reply', (c) => c.text('x', { headers: { 'X-A': `a${c.query.get('t')}` } }))
  site.get('/type', (c) => c.text('x', { headers: { 'Content-Type': `text/plain${c.query.get('t')}` } }))
  site.get('/cookie', (c) => {
    c.cookies.set('a', `a${c.query.get('t')}`)
    return 'x'
  })
  site.get('/redirect', (c) => c.redirect(`/a${c.query.get('t')}`))
  for (const splitter of SPLITTERS.filter((text) => text.isWellFormed()))
    for (const path of ['/field', '/reply', '/type', '/cookie', '/redirect']) {
      const planted = encodeURIComponent(`${splitter}X-Planted: yes`)
      const reply = await site.fetch(new Request(`http://localhost${path}?t=${planted}`))
      assert.equal(reply.headers.get('x-planted'), null)
      for (const value of reply.headers.values()) assert.doesNotMatch(value, /[\r\n\0]/)
      if (path !== '/redirect') assert.equal(reply.status, 500, `${path} ${JSON.stringify(splitter)}`)
    }
})

test('no password of a proxy stands in a message', async () => {
  const host = new TestNetwork().host('laptop', '10.0.0.2')
  for (const proxy of [
    'https://ada:hunter2@proxy',
    'ftp://ada:hunter2@proxy:21/',
    'ada:hunter2@proxy',
    '//ada:hunter2@x',
  ])
    await assert.rejects(
      async () => tunnel(host, proxy, 'a:1'),
      (error) => error instanceof CodedError && !/hunter2|ada/.test(String(error)),
      proxy,
    )
})
