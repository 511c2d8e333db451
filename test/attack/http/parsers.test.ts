/** What parsers of fields are made to do by strangers: work out of proportion, names that are special to JavaScript, types that are two. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  boundaryOf,
  chooseCoding,
  chooseLanguage,
  chooseType,
  contentCodings,
  etagMatches,
  parseCookies,
  parseDate,
  parseForwarded,
  parseMediaType,
  parseQuery,
  parseStructuredDictionary,
  parseStructuredList,
  selectRange,
} from '../../../src/http/index.ts'
import { app } from '../../../src/web/index.ts'
import { stepsOf } from '../../work.ts'

const PARSERS: Record<string, (text: string) => unknown> = {
  Accept: (text) => chooseType(text, ['text/html', 'application/json']),
  'Accept-Encoding': (text) => chooseCoding(text, ['br', 'gzip']),
  'Accept-Language': (text) => chooseLanguage(text, ['en', 'de']),
  'Content-Encoding': (text) => contentCodings(text),
  'Content-Type': (text) => parseMediaType(text),
  'a boundary': (text) => boundaryOf(`multipart/form-data; boundary=${text}`),
  Cookie: (text) => parseCookies(text),
  Date: (text) => parseDate(text, 0),
  Forwarded: (text) => parseForwarded(text),
  'If-None-Match': (text) => etagMatches(text, '"x"', 'weak'),
  Range: (text) => selectRange((name) => (name === 'range' ? `bytes=${text}` : undefined), 1_000_000, {}, 0),
  'a query': (text) => parseQuery(text),
  'a dictionary': (text) => parseStructuredDictionary(text),
  'a list': (text) => parseStructuredList(text),
}

/** What makes parsers with two loops, or regular expressions that try again, work too much. */
const unit = [
  'a',
  ' ',
  '\t',
  ',',
  ';',
  '=',
  '"',
  '\\',
  '%',
  '%2',
  ':',
  '(',
  '-',
  'a=b;',
  'a;q=',
  '"a',
  '\\"',
  ', ',
  '; ',
  'W/"',
  'a,"',
  '0-0,',
  '&=',
  'for="[',
  '%"',
  'Sun, ',
]

test('every parser of a field works in proportion to its length', () => {
  for (const [what, parse] of Object.entries(PARSERS)) {
    const all = (length: number) => {
      for (const piece of unit) parse(piece.repeat(Math.ceil(length / piece.length)))
    }
    all(4_000) // what runs for the first time is not counted whole
    const small = steps(() => all(2_000))
    const large = steps(() => all(4_000))
    assert.ok(large < small * 3 + 10_000, `${what}: ${small} steps became ${large}`)
    all(65_536)
  }
})

/** A parser that lets the platform do all of it has no steps of ours. */
function steps(run: () => unknown): number {
  return stepsOf(() => {
    run()
    parseDate('', 0)
  })
}

const NAMES = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'prototype', '__defineGetter__']

test('no name of a field, cookie, parameter or part is special', async () => {
  const site = app({ log: () => {}, dangerouslyWithoutCsrf: true })
  site.get('/', (c) =>
    c.json(NAMES.map((name) => [c.header(name) ?? '', c.cookies.get(name) ?? '', c.query.get(name) ?? ''])),
  )
  site.post('/form', async (c) => {
    const form = await c.body.form()
    return c.json(NAMES.map((name) => form.get(name) ?? ''))
  })
  site.get('/{name}', (c) => c.params.name)
  const ask = async (path: string, init: RequestInit = {}) =>
    (await site.fetch(new Request(`http://localhost${path}`, init))).text()
  assert.deepEqual(
    JSON.parse(await ask('/')),
    NAMES.map(() => ['', '', '']),
  )
  const pairs = (glue: string) => NAMES.map((name, i) => `${name}=${i}`).join(glue)
  const headers = { ...Object.fromEntries(NAMES.slice(1).map((name) => [name, 'h'])), cookie: pairs('; ') }
  const given = JSON.parse(await ask(`/?${pairs('&')}`, { headers }))
  assert.deepEqual(
    given,
    NAMES.map((name, i) => [name === '__proto__' ? '' : 'h', String(i), String(i)]),
  )
  for (const body of [new URLSearchParams(pairs('&')), formData()])
    assert.deepEqual(
      JSON.parse(await ask('/form', { method: 'POST', body })),
      NAMES.map((_, i) => String(i)),
    )
  for (const name of NAMES) assert.equal(await ask(`/${name}`), name)
  assert.equal(({} as Record<string, unknown>)['0'], undefined)
})

function formData(): FormData {
  const form = new FormData()
  for (const [i, name] of NAMES.entries()) form.append(name, String(i))
  return form
}

test('one reading of Content-Type decides who reads a body, and who checks it', async () => {
  const site = app({ log: () => {}, dangerouslyWithoutCsrf: true })
  site.post('/', async (c) => c.text(`${c.body.isForm ? 'form' : c.body.isJson ? 'json' : 'none'} ${c.body.type}`))
  site.post('/json', async (c) => c.json(await c.body.json()))
  const kind = async (type: string) => {
    const init = { method: 'POST', body: new Uint8Array([123, 125]), headers: { 'content-type': type } }
    return (await site.fetch(new Request('http://localhost/', init))).text()
  }
  const table: [string, string][] = [
    ['application/json', 'json application/json'],
    ['APPLICATION/JSON;CHARSET="utf-8"', 'json application/json'],
    ['application/json ; a=b', 'json application/json'],
    ['application/json;', 'json application/json'],
    ['application/ld+json', 'json application/ld+json'],
    ['application/jsonx', 'none application/jsonx'],
    ['application/json, text/plain', 'none '],
    ['application/json;a=b;a=c', 'none '],
    ['application/json;charset=utf-8;charset=utf-7', 'none '],
    ['text/plain;application/json', 'none '],
    ['text/plain; x="application/json"', 'none text/plain'],
    ['application /json', 'none '],
    ['application/json\u00a0', 'none '],
    ['application/json x', 'none '],
    ['/json', 'none '],
    ['json', 'none '],
    ['multipart/form-data', 'form multipart/form-data'],
    ['application/x-www-form-urlencoded;charset=utf-8', 'form application/x-www-form-urlencoded'],
  ]
  for (const [type, expected] of table) assert.equal(await kind(type), expected, type)
  const refused = { method: 'POST', body: '{"a":1}', headers: { 'content-type': 'application/json;a=b;a=c' } }
  assert.equal((await site.fetch(new Request('http://localhost/json', refused))).status, 415)
})
