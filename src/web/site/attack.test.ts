import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { minutes } from '../../base/duration.ts'
import type { Exchange } from '../../http/index.ts'
import { checkFields } from '../../http/index.ts'
import { testMachine } from '../../http/trial/machine.ts'
import { UnknownHostError } from '../errors.ts'
import { quiet } from '../trial/fixture.ts'
import type { Site } from './site.ts'

test('the header functions refuse what would split a reply', async () => {
  const { site, web, failures } = quiet()
  site.get('/set', (c) => c.setHeader('X-A', 'a\r\nSet-Cookie: x=1').text('x'))
  site.get('/init', (c) => c.text('x', { headers: { 'X-A\r\nX-B': 'a' } }))
  site.get('/redirect', (c) => c.redirect('/a\r\nSet-Cookie: x=1'))
  site.get('/cookie', (c) => {
    c.cookies.set('a', 'b; Domain=evil\r\nX: y')
    return 'x'
  })
  for (const path of ['/set', '/init', '/redirect', '/cookie']) {
    const reply = await web.get(path)
    assert.equal(reply.status, path === '/redirect' ? 400 : 500, path)
    assert.equal(reply.headers.get('set-cookie'), null)
  }
  assert.equal(failures.length, 3)
})

test('a redirect leads within the site, however the target is spelled', async () => {
  const { site, web } = quiet()
  site.get('/to', (c) => c.redirect(c.query.get('to') ?? ''))
  site.get('/next', (c) => c.redirect(c.returnTo('/home')))
  site.get('/out', (c) => c.redirect('https://other.example/a', { dangerouslyElsewhere: true }))
  const bad = [
    'https://evil.example/',
    '//evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/\t/evil.example',
    'javascript:alert(1)',
    'https:evil.example',
    'http://localhost@evil.example/',
    'http://user@localhost/',
    'evil.example',
    '',
    '/..//evil.example',
    ' /a',
    'data:text/html,x',
  ]
  for (const to of bad) {
    assert.equal((await web.get(`/to?to=${encodeURIComponent(to)}`)).status, 400, to)
    assert.equal((await web.get(`/next?next=${encodeURIComponent(to)}`)).location, '/home', to)
  }
  assert.equal((await web.get(`/next?next=${encodeURIComponent('/a?b=c#d')}`)).location, '/a?b=c#d')
  assert.equal((await web.get('/to?to=/ü')).location, '/%C3%BC')
  assert.equal((await web.get('/out')).location, 'https://other.example/a')
  assert.equal((await web.get('/out')).status, 303)
  const other = quiet()
  other.site.get('/script', (c) => c.redirect('javascript:alert(1)', { dangerouslyElsewhere: true }))
  assert.equal((await other.web.get('/script')).status, 400)
  assert.deepEqual(other.failures, [], 'a visitor\u2019s address is not a fault of the site')
})

test('a query of more parameters than the limit is refused when it is read', async () => {
  const { site, web } = quiet({ limits: { query: 3 } })
  site.get('/x', (c) => c.query.get('a') ?? 'none')
  site.get('/y', () => 'not read')
  assert.equal((await web.get('/x?a=1&b=2&c=3')).text, '1')
  assert.equal((await web.get('/x?a=1&b=2&c=3&d=4')).status, 400)
  assert.equal((await web.get('/y?a=1&b=2&c=3&d=4')).status, 200)
})

test('a cookie that browsers would drop is an error here', async () => {
  const { site, web, failures } = quiet()
  site.get('/x', (c) => {
    c.cookies.set('a', 'x'.repeat(4080))
    return 'x'
  })
  site.get('/ok', (c) => {
    c.cookies.set('a', 'x'.repeat(4000), { sameSite: 'Strict', maxAge: minutes(1) })
    return 'x'
  })
  site.get('/apart', (c) => {
    c.cookies.set('a', 'x', { sameSite: 'None', partitioned: true })
    return 'x'
  })
  const apart = (await web.get('/apart')).headers.get('set-cookie')!
  for (const attribute of ['Secure', 'SameSite=None', 'Partitioned']) assert.ok(apart.includes(`; ${attribute}`), apart)
  assert.equal((await web.get('/x')).status, 500)
  assert.match((failures[0]!.error as Error).message, /browsers keep at most 4096/)
  assert.match((await web.get('/ok')).headers.get('set-cookie')!, /Max-Age=60; HttpOnly; SameSite=Strict$/)
})

test('whatever is asked, the answer is no 5xx, and nothing escapes', async () => {
  const { site, failures } = quiet<never>({
    secret: 'a secret of more than thirty-two characters',
    users: () => null,
    login: '/in',
  })
  site.get('/', (c) => `${c.session.get('a')} ${c.query.get('q')} ${c.cookies.get('session')}`)
  site.post('/{a}/{rest:path}', async (c) => ({ ...c.params, type: c.body.type, user: c.user }))
  site.signedIn((r) => r.any('/u/{id:int}', (c) => c.redirect(c.returnTo('/'))))
  const texts = fc.oneof(
    fc.string({ maxLength: 30 }),
    fc.constantFrom('__proto__', '..', '%2e', '%', '//', 'a'.repeat(5000), '\u2028', 'session=x.y.z'),
  )
  const asked = fc.record({
    method: fc.constantFrom('GET', 'HEAD', 'POST', 'OPTIONS', 'PUT', 'get', 'BREW'),
    path: fc.oneof(
      texts.map((text) => `/${text}`),
      fc.constantFrom('*', '', '/', '/u/7', '/u/7/', '/a/b/c'),
    ),
    query: texts,
    authority: fc.oneof(fc.constant('localhost'), texts),
    fields: fc.dictionary(
      fc.constantFrom('cookie', 'origin', 'sec-fetch-site', 'accept', 'content-type', 'x-csrf-token'),
      texts,
    ),
  })
  await fc.assert(
    fc.asyncProperty(asked, async ({ method, path, query, authority, fields }) => {
      const { status, lines } = await raw(site, { method, path, query, authority, header: (name) => fields[name] })
      assert.ok(status >= 200 && status < 500, `${status}`)
      for (const line of lines) assert.doesNotMatch(line, /[\r\n\0]/)
    }),
    { numRuns: 400 },
  )
  assert.deepEqual(
    failures.filter(({ error }) => !(error instanceof UnknownHostError)),
    [],
  )
})

/** Asks with an exchange that nobody has tidied up. */
function raw(site: Site<never>, asked: Partial<Exchange>): Promise<{ status: number; lines: readonly string[] }> {
  return new Promise((resolve, reject) => {
    const exchange = {
      machine: testMachine(),
      id: 1,
      target: asked.path,
      scheme: 'http',
      local: { address: '127.0.0.1', port: 80 },
      remote: { address: '127.0.0.1', port: 1 },
      body: { length: 0, text: async () => '' },
      answered: false,
      fields: () => [],
      ...asked,
      reply: (status: number, lines: readonly string[]) => {
        checkFields(lines)
        exchange.answered = true
        resolve({ status, lines })
      },
    }
    Promise.resolve(site.handle(exchange as unknown as Exchange)).catch(reject)
  })
}
