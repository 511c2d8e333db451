import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testMachine } from '../../http/trial/machine.ts'
import { f } from '../../models/fields/f.ts'
import { Model } from '../../models/model.ts'
import { ObjectLoader, Templates } from '../../templates/index.ts'
import { HttpError, statusOf } from '../errors.ts'
import type { Failure } from '../ground/log.ts'
import { app } from '../site/app.ts'
import { testClient } from '../testing/client.ts'
import { wants } from './negotiation.ts'

const SECRET = 'a secret of more than thirty-two characters'

class Note extends Model {
  id = f.id()
  text = f.text(50)
}

function developing(debug = true) {
  const failures: Failure[] = []
  const templates = new Templates(
    new ObjectLoader({
      'ok.html': '<p>{{ a }}</p>',
      'bad.html': '<p>\n  {{ missing.name }}\n</p>',
      'flash.html': '{% for one in flashes %}<p class="{{ one.kind }}">{{ one.text }}</p>{% endfor %}',
    }),
    { debug: true },
  )
  const machine = testMachine()
  const log = (failure: Failure) => void failures.push(failure)
  const site = app({ debug, secret: SECRET, machine, log, templates, db: 'sqlite::memory:', models: [Note] })
  site.get('/cause/{name}', async (c) => {
    await Note.where({ text: 'x' }).count()
    c.render('ok.html', { a: 1 })
    const cause = new TypeError('the <cause> of it all')
    throw new Error(`it <b>broke</b> for ${c.params.name} with ${SECRET}`, { cause })
  })
  site.get('/template', (c) => c.render('bad.html'))
  site.get('/value', () => {
    throw { an: 'object', password: 1 } // anything can be thrown
  })
  site.get('/self', () => {
    const error = new Error('its own cause')
    error.cause = error
    throw error
  })
  site.get('/flash', (c) => {
    c.flash('<img src=x onerror=alert(1)>', '"><script>')
    return c.render('flash.html')
  })
  site.get('/note/{id:int}', (c) => Note.get({ id: c.params.id }))
  return { site, failures, web: testClient(site) }
}

test('while developing a page explains: message, causes, source, request, SQL, templates', async () => {
  const { site, web } = developing()
  await site.createTables()
  const reply = await web.get('/cause/ann%22%3E%3Cscript%3E?token=abcdef&page=2', {
    headers: { cookie: 'session=verysecret', authorization: 'Basic verysecret', 'x-trace': '<i>7</i>' },
  })
  assert.equal(reply.status, 500)
  assert.match(reply.text, /<h1>Error: it &lt;b&gt;broke/)
  assert.match(reply.text, /Caused by TypeError:.*the.*&lt;cause&gt;/)
  assert.match(reply.text, /errors\.test\.ts:\d+:\d+/)
  assert.match(reply.text, /class="here"[^\n]*throw/)
  assert.match(reply.text, /\/cause\/\{name\}/)
  assert.match(reply.text, /select count/i)
  assert.match(reply.text, /ok\.html/)
  assert.match(reply.text, /page/)
  const shown = reply.text
  for (const hidden of [SECRET, 'verysecret', 'abcdef']) assert.ok(!shown.includes(hidden), hidden)
  assert.doesNotMatch(shown, /<script|<i>7|<b>broke|<cause>/)
  assert.match(reply.headers.get('content-security-policy')!, /style-src 'self' 'nonce-/)
  assert.equal(reply.headers.get('cache-control'), 'no-store')
})

test('an error in a template is shown in the template', async () => {
  const { web } = developing()
  const { text } = await web.get('/template')
  assert.match(text, /bad\.html:2:/)
  assert.match(text, /\{\{ missing\.name/)
})

test('whatever is thrown is explained, once', async () => {
  const { web } = developing()
  assert.match((await web.get('/value')).text, /Thrown value/)
  assert.equal((await web.get('/self')).text.match(/Caused by/g)?.length, 7)
})

test('those who want JSON or text get that', async () => {
  const { site, web } = developing()
  await site.createTables()
  const reply = await web.get('/cause/a', { headers: { accept: 'application/json' } })
  const json = reply.json() as { status: number; title: string; chain: { message: string }[] }
  assert.equal(reply.headers.get('content-type'), 'application/problem+json')
  assert.deepEqual([json.status, json.title], [500, 'Internal Server Error'])
  assert.match(json.chain[1]!.message, /of it all/)
  const text = await web.get('/cause/a', { headers: { accept: '*/*' } })
  assert.equal(text.headers.get('content-type'), 'text/plain; charset=utf-8')
  assert.match(text.text, /caused by TypeError/)
  assert.equal(wants('text/html,application/json', undefined), 'html')
  assert.equal(wants('application/problem+json', undefined), 'json')
  assert.equal(wants(undefined, 'application/json'), 'json')
  assert.equal(wants(undefined, undefined), 'text')
  assert.equal(wants('application/json, text/html;q=0.1', undefined), 'json')
  assert.equal(wants('text/html;q=0, */*', undefined), 'text')
  assert.equal(wants('application/vnd.api+json', undefined), 'json')
  assert.equal(wants('*/*', 'application/ld+json; a=b'), 'json')
})

test('an error is a problem of RFC 9457 to a program, with members of its own', async () => {
  const site = app({ machine: testMachine(), log: () => {} })
  site.get('/', () => {
    throw new HttpError(409, 'Sold out.', {
      problem: { type: 'https://shop.example/problems/sold-out', stock: 0, status: 200, detail: 'other' },
    })
  })
  const web = testClient(site)
  const reply = await web.get('/', { headers: { accept: 'application/json' } })
  assert.equal(reply.headers.get('content-type'), 'application/problem+json')
  assert.deepEqual(reply.json(), {
    type: 'https://shop.example/problems/sold-out',
    stock: 0,
    status: 409,
    title: 'Conflict',
    detail: 'Sold out.',
  })
  assert.match((await web.get('/', { headers: { accept: 'text/html' } })).text, /<p>Sold out\.<\/p>/)
})

test('in production nothing of it is shown', async () => {
  const { site, web, failures } = developing(false)
  await site.createTables()
  for (const accept of ['text/html', 'application/json', '*/*']) {
    const { text, status } = await web.get('/cause/ann', { headers: { accept } })
    assert.equal(status, 500)
    assert.doesNotMatch(text, /broke|cause|errors\.test|select/i)
    assert.ok(text.includes(failures.at(-1)!.reference))
  }
  assert.equal((failures[0]!.error as Error).cause instanceof TypeError, true)
})

test('while developing a path that no route takes is told which there are', async () => {
  const { site, web } = developing()
  const { text, status } = await web.get('/nowhere')
  assert.equal(status, 404)
  assert.match(text, /<code>GET \/cause\/\{name\}<\/code>/)
  assert.match((await web.get('/nowhere', { headers: { accept: '*/*' } })).text, /\nGET \/template\n/)
  assert.doesNotMatch((await developing(false).web.get('/nowhere')).text, /cause/)
  assert.equal(site.routes()[0]!.pattern, '/cause/{name}')
  assert.match(site.routes()[0]!.place, /errors\.test\.ts/)
})

test('a row that does not exist is a 404', async () => {
  const { site, web, failures } = developing(false)
  await site.createTables()
  const reply = await web.get('/note/7')
  assert.equal(reply.status, 404)
  assert.equal(failures.length, 0)
})

test('flash messages and their kinds are escaped where they are shown', async () => {
  const { web } = developing()
  assert.doesNotMatch((await web.get('/flash')).text, /<img|<script/)
})

test('only a status of an error is one', () => {
  assert.equal(statusOf(new HttpError(404)), 404)
  assert.equal(statusOf({ status: 413 }), 413)
  for (const strange of [{ status: 200 }, { status: '404' }, { status: 404.5 }, { status: 999 }, null, 'x', undefined])
    assert.equal(statusOf(strange), 500)
  assert.throws(() => new HttpError(200), /must be from 400 to 599/)
})
