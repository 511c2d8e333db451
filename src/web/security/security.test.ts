import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { seconds } from '../../base/duration.ts'
import { SeededRandom } from '../../base/random.ts'
import { testMachine } from '../../http/trial/machine.ts'
import { html, safe } from '../../templates/index.ts'
import type { Failure } from '../ground/log.ts'
import { app } from '../site/app.ts'
import type { SiteOptions } from '../site/options.ts'
import { testClient } from '../testing/client.ts'
import { csrfSecret, maskedToken, tokenMatches } from './csrf.ts'
import { HostCheck, parseAuthority } from './hosts.ts'
import { localTarget } from './redirect.ts'
import { Signer } from './signing.ts'

const SECRET = 'a secret of more than thirty-two characters'

function site(options: SiteOptions<never> = {}) {
  const made = app({ secret: SECRET, machine: testMachine(), log: () => {}, ...options })
  made.get('/form', (c) =>
    c.html(html`<form method="post"><input type="hidden" name="_csrf" value="${c.csrfToken}"><input name="a"></form>`),
  )
  made.post('/form', async (c) => `got ${(await c.body.form()).get('a')}`)
  made.post('/json', async (c) => ({ got: await c.body.json() }))
  made.post('/hook', () => 'hook', { dangerouslyWithoutCsrf: true })
  made.get('/json', () => ({ a: 1 }))
  made.get('/text', (c) => c.text('x'))
  return made
}

test('a changing request is taken from pages of this site only', async () => {
  const web = testClient(site({ trustedOrigins: ['https://pay.example'] }))
  const sent = async (headers: Record<string, string>) =>
    (await web.post('/form', { a: 'b' }, { headers: { 'sec-fetch-site': '', ...headers } })).status
  web.cookies.set('session', 'anything')
  assert.equal(await sent({ 'sec-fetch-site': 'same-origin' }), 200)
  assert.equal(await sent({ 'sec-fetch-site': 'none' }), 200)
  assert.equal(await sent({ 'sec-fetch-site': 'cross-site' }), 403)
  assert.equal(await sent({ 'sec-fetch-site': 'same-site' }), 403)
  assert.equal(await sent({ 'sec-fetch-site': 'SAME-ORIGIN' }), 403)
  assert.equal(await sent({ 'sec-fetch-site': 'cross-site', origin: 'http://localhost' }), 403)
  assert.equal(await sent({ origin: 'http://localhost' }), 200)
  assert.equal(await sent({ origin: 'http://localhost.evil.example' }), 403)
  assert.equal(await sent({ origin: 'http://evil.example' }), 403)
  assert.equal(await sent({ origin: 'http://localhost@evil.example' }), 403)
  assert.equal(await sent({ origin: 'http://localhost:81' }), 403)
  assert.equal(await sent({ origin: 'null' }), 403)
  assert.equal(await sent({ origin: 'https://pay.example', 'sec-fetch-site': 'cross-site' }), 200)
  assert.equal(await sent({}), 403)
})

test('what says neither must show the token of its session', async () => {
  const web = testClient(site())
  assert.equal((await web.submit('/form', { a: 'b' })).text, 'got b')
  const refused = async (data: Record<string, string>, headers: Record<string, string> = {}) => {
    const reply = await web.post('/form', data, { headers: { 'sec-fetch-site': '', ...headers } })
    return [reply.status, /token/.test(reply.text)]
  }
  assert.deepEqual(await refused({ a: 'b' }), [403, true])
  assert.deepEqual(await refused({ a: 'b', _csrf: 'x' }), [403, true])
  const other = testClient(site({ machine: testMachine('other') }))
  const stolen = /value="([^"]+)"/.exec((await other.get('/form')).text)![1]!
  assert.deepEqual(await refused({ a: 'b', _csrf: stolen }), [403, true])
  const own = /value="([^"]+)"/.exec((await web.get('/form')).text)![1]!
  assert.deepEqual(await refused({ a: 'b', _csrf: own }), [200, false])
  assert.deepEqual(await refused({ a: 'b' }, { 'x-csrf-token': own }), [200, false])
  const json = { 'sec-fetch-site': '' }
  assert.equal((await web.json('POST', '/json', 1, { headers: json })).status, 403)
  assert.equal((await web.json('POST', '/json', 1, { headers: { ...json, 'x-csrf-token': own } })).status, 200)
})

test('a client without cookies is nobody that could be borrowed; safe methods and opened routes pass', async () => {
  const made = site()
  const curl = (path: string, init: RequestInit) => made.fetch(new Request(`http://localhost${path}`, init))
  assert.equal(
    (await curl('/json', { method: 'POST', body: '1', headers: { 'content-type': 'application/json' } })).status,
    200,
  )
  assert.equal(
    (await curl('/form', { method: 'POST', body: new URLSearchParams('a=b'), headers: { authorization: 'Basic x' } }))
      .status,
    403,
  )
  const cross = { 'sec-fetch-site': 'cross-site', cookie: 'session=x' }
  assert.equal((await curl('/text', { headers: cross })).status, 200)
  assert.equal((await curl('/hook', { method: 'POST', headers: cross })).status, 200)
  const open = site({ dangerouslyWithoutCsrf: true })
  assert.equal((await open.fetch(new Request('http://localhost/form', { method: 'POST', headers: cross }))).status, 200)
})

test('no page of another site opens a socket with the cookies of a visitor', async () => {
  const made = site()
  made.mount('/raw', (exchange) => exchange.reply(200, [], 'handshake'))
  made.mount('/open', (exchange) => exchange.reply(200, [], 'handshake'), { dangerouslyWithoutCsrf: true })
  const ask = async (path: string, headers: Record<string, string>) =>
    (await testClient(made).get(path, { headers: { 'sec-fetch-site': '', cookie: 'session=x', ...headers } })).status
  for (const upgrade of ['websocket', 'WebSocket', 'h2c, websocket']) {
    assert.equal(await ask('/raw/', { upgrade, origin: 'http://evil.example' }), 403)
    assert.equal(await ask('/text', { upgrade, origin: 'http://evil.example' }), 403, 'a handler may hand over too')
    assert.equal(await ask('/raw/', { upgrade, 'sec-fetch-site': 'cross-site' }), 403)
    assert.equal(await ask('/raw/', { upgrade, origin: 'http://localhost' }), 200)
    assert.equal(await ask('/raw/', { upgrade }), 200, 'a program, not a browser')
    assert.equal(await ask('/open/', { upgrade, origin: 'http://evil.example' }), 200)
  }
  assert.equal(await ask('/raw/', { upgrade: 'h2c', origin: 'http://evil.example' }), 200)
})

test('a token is another text every time and fits its own secret only', () => {
  const random = new SeededRandom('csrf')
  const [a, b] = [csrfSecret(random), csrfSecret(random)]
  const tokens = new Set(Array.from({ length: 50 }, () => maskedToken(a, random)))
  assert.equal(tokens.size, 50)
  for (const token of tokens) {
    assert.ok(tokenMatches(token, a))
    assert.ok(!tokenMatches(token, b))
  }
  fc.assert(
    fc.property(fc.string({ maxLength: 100 }), (text) => !tokenMatches(text, a)),
    { numRuns: 200 },
  )
})

const HERE = { address: '127.0.0.1', port: 8000 }
const STRANGER = { address: '192.0.2.66', port: 40_000 }

test('the site answers to its own names, on the ports that are its own', async () => {
  const made = site({ hosts: ['board.example', '.wide.example', 'odd.example:8443', 'any.example:*'] })
  const status = async (host: string, remote = STRANGER) =>
    (await made.fetch(new Request('http://localhost/text', { headers: { host } }), { remote })).status
  for (const host of [
    'board.example',
    'BOARD.example:80',
    'board.example.',
    'wide.example',
    'a.b.wide.example',
    'odd.example:8443',
    'any.example:81',
  ])
    assert.equal(await status(host), 200, host)
  for (const host of [
    'evil.example',
    'board.example.evil',
    'notwide.example',
    'board.example@evil',
    'board.example/',
    'board.example:81',
    'board.example:0',
    'board.example:99999',
    'odd.example',
    'a b',
    '[::2]',
    '10.0.0.1',
    'board.example:80:80',
    '..',
    '.',
    'localhost',
    '127.0.0.2',
    'x.localhost',
  ])
    assert.equal(await status(host), 400, host)
  assert.equal((await site({ dangerouslyAnyHost: true }).fetch(new Request('http://any.example/text'))).status, 200)
})

test('loopback names are for clients on this machine; names below localhost only while there are no others', async () => {
  const asked = async (host: string, remote: object, hosts: string[] = []) =>
    (await site({ hosts }).fetch(new Request('http://localhost/text', { headers: { host } }), { remote })).status
  for (const host of ['localhost', 'localhost:1', '127.0.0.1', '127.1.2.3:80', '[::1]:80', 'x.localhost']) {
    assert.equal(await asked(host, HERE), 200, host)
    assert.equal(await asked(host, { address: '::1', port: 1 }), 200, host)
    assert.equal(await asked(host, { address: '::ffff:127.0.0.1', port: 1 }), 200, host)
    if (host !== '127.0.0.1') assert.equal(await asked(host, STRANGER), 400, `${host} from elsewhere`)
  }
  assert.equal(await asked('localhost', HERE, ['board.example']), 200)
  // A proxy on this machine passes on what strangers send.
  assert.equal(await asked('evil.localhost', HERE, ['board.example']), 400)
  for (const host of ['localhost:99999', 'localhost:0', '127.999.1.1', '[::2]'])
    assert.equal(await asked(host, HERE), 400, host)
})

test('hosts that cannot be are refused when the site begins, with the right spelling', () => {
  const begun = (hosts: unknown) => () => site({ hosts: hosts as string[] }).begin()
  for (const host of ['https://board.example', '', '.', 'a b', '*.board.example', 'board.example/x'])
    assert.throws(begun([host]), /is not a host name; write 'board\.example'/, host)
  assert.throws(begun('board.example'), /must be a list: write hosts: \["board.example"\]/)
})

test('an address that the request came in on is a name too', () => {
  const check = new HostCheck([], false)
  const allows = (authority: string, address: string) =>
    check.allows({ authority, scheme: 'http', local: { address, port: 80 }, remote: STRANGER })
  assert.ok(allows('192.0.2.1:8080', '192.0.2.1'))
  assert.ok(allows('[2001:db8::1]', '2001:db8::1'))
  assert.ok(allows('', '192.0.2.1'))
  assert.ok(!allows('192.0.2.2', '192.0.2.1'))
  // What was good there before is remembered, for there alone.
  assert.ok(allows('192.0.2.1:8080', '192.0.2.1') && !allows('192.0.2.1:8080', '192.0.2.9'))
  fc.assert(
    fc.property(fc.string({ maxLength: 60 }), (text) => {
      const asked = parseAuthority(text)
      if (asked === null) return
      assert.match(asked.host, /^[a-z0-9._-]+$|^\[[0-9a-f:.]+\]$/)
      assert.ok(asked.port === null || (asked.port > 0 && asked.port < 65_536))
    }),
    { numRuns: 1000 },
  )
})

test('a visitor of an unknown host reads two words, and the log says what to do, without end to neither', async () => {
  const failures: Failure[] = []
  const made = app({
    hosts: ['board.example'],
    machine: testMachine(),
    log: (failure) => void failures.push(failure),
    limits: { refusedHosts: 3 },
  })
  made.get('/', () => 'x')
  const ask = (host: string) => made.fetch(new Request('http://x/', { headers: { host } }), { remote: STRANGER })
  const reply = await ask('10.0.0.7')
  assert.equal(reply.status, 400)
  assert.equal(await reply.text(), '400 Bad Request\nUnknown host\n')
  assert.match(
    String(failures[0]!.error),
    /refused the host "10\.0\.0\.7" \(asked from 192\.0\.2\.66\): add it to app\(\{ hosts/,
  )
  await ask('10.0.0.7')
  assert.equal(failures.length, 1, 'each name is told once')
  for (let i = 0; i < 50; i++) await ask(`10.0.1.${i}`)
  assert.equal(failures.length, 3, 'and not without end')
})

test('a route for health checks answers whatever it is called', async () => {
  const made = app({ hosts: ['board.example'], machine: testMachine(), log: () => {} })
  made.get('/health', () => 'fine', { dangerouslyAnyHost: true })
  made.get('/', (c) => c.text(c.origin))
  const ask = async (path: string, host: string) =>
    (await made.fetch(new Request(`http://x${path}`, { headers: { host } }), { remote: STRANGER })).status
  assert.equal(await ask('/health', '10.0.0.7:8080'), 200)
  assert.equal(await ask('/', '10.0.0.7:8080'), 400)
})

test('a site that says what it is called links to itself by that name', async () => {
  const made = app({
    hosts: ['.board.example'],
    origin: 'https://board.example',
    machine: testMachine(),
    log: () => {},
  })
  made.get('/', (c) => c.text(c.origin))
  const ask = async (host: string) =>
    (await made.fetch(new Request('http://x/', { headers: { host } }), { remote: STRANGER })).text()
  assert.equal(await ask('a.board.example'), 'https://board.example')
  assert.equal(await ask('board.example'), 'https://board.example')
  for (const origin of ['board.example', 'https://board.example/x', 'ftp://board.example'])
    assert.throws(() => app({ origin }).begin(), /app\(\{ origin \}\) must be like/)
})

test('pages carry the fields that protect them, other replies what concerns them', async () => {
  const made = site()
  made.get('/nonce', (c) => c.html(html`<script nonce="${c.nonce}">1</script>`))
  made.get('/own', (c) =>
    c.html(safe('x'), {
      headers: { 'Content-Security-Policy': "default-src 'none'", 'x-frame-options': 'SAMEORIGIN' },
    }),
  )
  const web = testClient(made)
  const page = (await web.get('/form')).headers
  assert.equal(page.get('x-content-type-options'), 'nosniff')
  assert.equal(page.get('x-frame-options'), 'DENY')
  assert.equal(page.get('referrer-policy'), 'strict-origin-when-cross-origin')
  assert.equal(page.get('cross-origin-opener-policy'), 'same-origin')
  assert.match(
    page.get('content-security-policy')!,
    /^default-src 'self'; .*object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'$/,
  )
  assert.equal(page.get('strict-transport-security'), null)
  assert.equal((await web.get('/json')).headers.get('x-content-type-options'), 'nosniff')
  assert.equal((await web.get('/json')).headers.get('content-security-policy'), null)
  assert.equal((await web.get('/nothing')).headers.get('x-content-type-options'), 'nosniff', 'errors too')
  const nonce = /nonce="([^"]+)"/.exec((await web.get('/nonce')).text)![1]
  const again = await web.get('/nonce')
  const csp = again.headers.get('content-security-policy')!
  const second = /nonce="([^"]+)"/.exec(again.text)![1]
  assert.notEqual(nonce, second)
  assert.ok(csp.includes(`script-src 'self' 'nonce-${second}'`) && csp.includes(`style-src 'self' 'nonce-${second}'`))
  const own = (await web.get('/own')).headers
  assert.equal(own.get('content-security-policy'), "default-src 'none'")
  assert.equal(own.get('x-frame-options'), 'SAMEORIGIN')
  const strict = async (of: typeof made, origin: string) =>
    (await testClient(of, { origin }).get('/text')).headers.get('strict-transport-security')
  assert.equal(await strict(site({ hosts: ['board.example'] }), 'https://board.example'), 'max-age=31536000')
  for (const origin of ['https://localhost', 'https://localhost:8443', 'https://127.0.0.1', 'https://[::1]:8443'])
    assert.equal(await strict(made, origin), null, `${origin}: every other port would be meant, too`)
  const tuned = testClient(site({ headers: { csp: { 'img-src': ["'self'", 'https://img.example'] } } }))
  assert.match(
    (await tuned.get('/form')).headers.get('content-security-policy')!,
    /img-src 'self' https:\/\/img\.example;/,
  )
  assert.throws(() => site({ headers: { csp: { 'img-src': ["'self'; script-src *"] } } }), /would end the directive/)
})

test('a signature fits its text, time, purpose and secret', () => {
  const signer = new Signer([SECRET], 'a')
  const other = new Signer([SECRET], 'b')
  fc.assert(
    fc.property(fc.string({ maxLength: 60 }), fc.nat(), (text, at) => {
      const signed = signer.sign(text, at * 1000)
      assert.deepEqual(signer.verify(signed, at * 1000 + 5000, seconds(10)), { text, age: seconds(5) })
      assert.equal(signer.verify(signed, at * 1000 + 11_000, seconds(10)), null)
      assert.equal(other.verify(signed, at * 1000, seconds(10)), null)
      assert.equal(
        signer.verify(`${signed.slice(0, -1)}${signed.endsWith('A') ? 'B' : 'A'}x`, at * 1000, seconds(10)),
        null,
      )
    }),
    { numRuns: 100 },
  )
  assert.ok(signer.matches('x', signer.fingerprint('x')))
  assert.ok(!signer.matches('y', signer.fingerprint('x')))
})

test('no text leads a redirect off the site', () => {
  const parts = fc.constantFrom(
    '/',
    '\\',
    '//',
    'http:',
    'https:',
    'evil.example',
    '@',
    ':',
    '?',
    '#',
    '..',
    '%2f',
    '\t',
    '\n',
    ' ',
    'a',
    'localhost',
  )
  fc.assert(
    fc.property(fc.array(parts, { maxLength: 8 }), (pieces) => {
      const target = localTarget(pieces.join(''), 'http://localhost')
      if (target === null) return
      assert.equal(new URL(target, 'http://localhost').host, 'localhost', JSON.stringify(pieces.join('')))
      assert.ok(target.startsWith('/') && !/^\/[/\\]/.test(target))
    }),
    { numRuns: 3000 },
  )
})
