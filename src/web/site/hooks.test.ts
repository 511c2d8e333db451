import assert from 'node:assert/strict'
import { test } from 'node:test'
import { html } from '../../templates/index.ts'
import { abort, forbidden, HttpError, notFound } from '../errors.ts'
import { quiet } from '../trial/fixture.ts'

test('hooks run from outside in and back, teardown always', async () => {
  const { site, web, failures } = quiet()
  const seen: string[] = []
  site.before(() => void seen.push('before'))
  site.after((_, reply) => void reply.setHeader('X-After', 'site'))
  site.teardown((_, error) => void seen.push(`teardown ${error === null ? 'ok' : (error as Error).message}`))
  site.group('/g', (g) => {
    g.before(async () => void seen.push('inner'))
    g.after((_, reply) => void seen.push(`after ${reply.status}`))
    g.teardown(() => {
      throw new Error('teardown failed')
    })
    g.get('/ok', () => 'ok')
    g.get('/bad', () => abort(418, 'teapot'))
    g.get('/early', () => 'never')
    g.before((c) => (c.path === '/g/early' ? c.text('early') : undefined))
  })
  const reply = await web.get('/g/ok')
  assert.deepEqual([reply.headers.get('x-after'), reply.text], ['site', 'ok'])
  assert.deepEqual(seen, ['before', 'inner', 'after 200', 'teardown ok'])
  assert.equal((failures[0]!.error as Error).message, 'teardown failed')
  seen.length = 0
  assert.equal((await web.get('/g/bad')).status, 418)
  assert.deepEqual(seen, ['before', 'inner', 'after 418', 'teardown teapot'])
  assert.equal((await web.get('/g/early')).text, 'early')
  seen.length = 0
  assert.equal((await web.get('/none')).status, 404)
  assert.deepEqual(seen, ['before', 'teardown Not Found'])
})

test('an after hook may give another reply', async () => {
  const { site, web } = quiet()
  site.after((_, reply) => (reply.status === 200 ? { wrapped: reply.body } : undefined))
  site.get('/', () => 'inner')
  assert.deepEqual((await web.get('/')).json(), { wrapped: 'inner' })
})

test('errors are answered by status or class, the innermost group first', async () => {
  class Broke extends Error {}
  const { site, web, failures } = quiet()
  site.onError(404, () => html`<h1>lost</h1>`)
  site.onError(Broke, (_, error) => ({ broke: error.message }))
  site.group('/in', (g) => {
    g.onError(HttpError, (_, error) => `inner ${error.status}`)
    g.get('/x', () => notFound('x'))
    g.get('/y', () => {
      throw new Broke('leg')
    })
  })
  site.get('/z', () => forbidden('not you'))
  site.onError(410, () => {
    throw new Error('the error handler failed')
  })
  site.get('/gone', () => abort(410))
  const got = async (path: string) => {
    const reply = await web.get(path)
    return [reply.status, reply.text]
  }
  assert.deepEqual(await got('/nowhere'), [404, '<h1>lost</h1>'])
  assert.deepEqual(await got('/in/x'), [404, 'inner 404'])
  assert.deepEqual(await got('/in/y'), [500, '{"broke":"leg"}'])
  assert.equal((await got('/z'))[0], 403)
  assert.match(String((await got('/z'))[1]), /not you/)
  assert.match(String((await got('/gone'))[1]), /<h1>500 Internal Server Error/)
  assert.equal(failures.length, 2)
})

test('an error view is told what the visitor may be told, whatever class the error has', async () => {
  const { site, web, failures } = quiet({ limits: { bodyBytes: 10 } })
  site.onError(Error, (c, _, told) => c.json(told))
  site.post('/long', async (c) => c.body.text())
  site.get('/bad', () => {
    throw new Error('the password is secret')
  })
  const long = await web.request('POST', '/long', 'x'.repeat(11))
  assert.equal(long.status, 413)
  assert.equal((long.json() as { status: number }).status, 413)
  assert.deepEqual((await web.get('/nowhere')).json(), { status: 404, message: 'Not Found', reference: '' })
  const bad = (await web.get('/bad')).json() as { message: string; reference: string }
  assert.equal(bad.message, 'Internal Server Error')
  assert.match(bad.reference, /^[\w-]{8}$/)
  assert.equal(bad.reference, failures[0]!.reference)
})

test('an error without status is a 500 that says nothing outside and everything in the log', async () => {
  const { site, web, failures } = quiet()
  site.get('/x', () => {
    throw new Error('password hunter2 in the message')
  })
  const reply = await web.get('/x')
  const text = reply.text
  assert.equal(reply.status, 500)
  assert.doesNotMatch(text, /hunter2/)
  const reference = /Reference: ([\w-]+)</.exec(text)?.[1]
  assert.equal(failures[0]?.reference, reference)
  assert.ok(reference && reference.length >= 8)
  const json = (await web.get('/x', { headers: { accept: 'application/json' } })).json() as never
  assert.equal((json as { status: number }).status, 500)
})

test('a hook that fails is explained without it', async () => {
  const { site, web, failures } = quiet({ debug: true })
  site.after(() => {
    throw new Error('the hook failed')
  })
  site.get('/x', () => 'x')
  const reply = await web.get('/x')
  assert.equal(reply.status, 500)
  assert.match(reply.text, /the hook failed/)
  assert.equal(failures.length, 2)
})
