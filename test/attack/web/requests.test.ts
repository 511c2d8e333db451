/** Hostile requests, byte by byte, to a complete site. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { board } from '../../../examples/board/site.ts'
import { app, f, Model, Signer, uploadedFiles } from '../../../src/web/index.ts'
import { world } from '../http/world.ts'

const SECRET = 'a secret of more than thirty-two characters'

interface Asked {
  readonly status: number
  readonly head: string
  readonly body: string
  readonly cookie: string | null
}

/** Asks with exactly these field lines; the host and the length of the body are filled in. */
type Ask = (method: string, target: string, fields?: readonly string[], body?: string) => Promise<Asked>

async function asking(handler: Parameters<typeof world>[0]): Promise<Ask> {
  const { open } = await world(handler)
  return async (method, target, fields = [], body = '') => {
    const raw = await open()
    const host = fields.some((field) => /^host:/i.test(field)) ? [] : ['Host: localhost']
    const lines = [...host, ...fields, 'Connection: close', `Content-Length: ${Buffer.byteLength(body)}`]
    let text = await raw.send(`${method} ${target} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`)
    // Files, databases and hashes take their time.
    for (let i = 0; i < 5000 && !raw.ended; i++) {
      await setTimeout(1)
      text += await raw.send('')
    }
    const [head = '', content = ''] = text.split('\r\n\r\n', 2)
    const cookie = /^set-cookie: (session=[^;]*)/im.exec(head)?.[1] ?? null
    return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1] ?? 0), head, body: content, cookie }
  }
}

async function theBoard(t: TestContext): Promise<{ ask: Ask; folder: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'reticle-attack-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const site = await board({
    db: 'sqlite::memory:',
    uploads: join(folder, 'pictures'),
    secret: SECRET,
    hosts: ['localhost'],
  })
  return { ask: await asking(site.handle), folder }
}

const FORM = 'Content-Type: application/x-www-form-urlencoded'

async function signedUp(ask: Ask): Promise<string> {
  const reply = await ask('POST', '/sign-up', [FORM, 'Origin: http://localhost'], 'name=ada&password=correct-horse')
  assert.equal(reply.status, 303, reply.head)
  return reply.cookie!
}

test('no session is forged', async (t) => {
  const { ask } = await theBoard(t)
  const cookie = await signedUp(ask)
  const member = async (value: string) => (await ask('GET', '/posts/new', [`Cookie: ${value}`])).status === 200
  assert.ok(await member(cookie))
  const [payload, time, mac] = cookie.slice('session='.length).split('.') as [string, string, string]
  const data = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { data: Record<string, unknown> }
  const other = Buffer.from(JSON.stringify({ ...data, data: { ...data.data, '@user': 2 } })).toString('base64url')
  const guessed = new Signer(['another secret of more than thirty-two characters'], 'session')
  const purpose = new Signer([SECRET], 'site')
  const forged = [
    `${other}.${time}.${mac}`,
    `${other}.${time}.`,
    `${other}..`,
    `${other}.${time}`,
    other,
    `${payload}.zzzzzz.${mac}`,
    `${payload}.${time}.${mac.slice(0, -1)}`,
    `${payload}.${time}.${mac}=`,
    guessed.sign(other, Date.now()),
    purpose.sign(other, Date.now()),
    '.'.repeat(3000),
    '%00',
    '"',
  ]
  for (const value of forged) assert.equal(await member(`session=${value}`), false, value.slice(0, 60))
  assert.equal(await member(`session=x; ${cookie}`), false, 'of two cookies the first counts')
})

test('a session planted before signing in is worth nothing after it', async (t) => {
  const { ask } = await theBoard(t)
  await signedUp(ask)
  const page = await ask('GET', '/sign-in')
  const planted = page.cookie!
  const fields = [FORM, 'Origin: http://localhost', `Cookie: ${planted}`]
  const reply = await ask('POST', '/sign-in', fields, 'name=ada&password=correct-horse')
  assert.equal(reply.status, 303)
  assert.notEqual(reply.cookie, planted)
  assert.equal((await ask('GET', '/posts/new', [`Cookie: ${planted}`])).status, 401)
})

test('no page of another site writes in a member’s name', async (t) => {
  const { ask } = await theBoard(t)
  const cookie = `Cookie: ${await signedUp(ask)}`
  const body = 'title=t&body=b'
  const multipart =
    '--b\r\nContent-Disposition: form-data; name="title"\r\n\r\nt\r\n--b\r\nContent-Disposition: form-data; name="body"\r\n\r\nb\r\n--b--\r\n'
  const hostile: readonly (readonly string[])[] = [
    [],
    ['Origin: null'],
    ['Origin: '],
    ['Origin: http://evil.example'],
    ['Origin: http://localhost.evil.example'],
    ['Origin: http://localhost:81'],
    ['Origin: http://localhost@evil.example'],
    ['Origin: http://localhost', 'Origin: http://evil.example'],
    ['Origin: file://localhost'],
    ['Sec-Fetch-Site: cross-site'],
    ['Sec-Fetch-Site: same-site'],
    ['Sec-Fetch-Site: SAME-ORIGIN'],
    ['Sec-Fetch-Site: same-origin', 'Sec-Fetch-Site: cross-site'],
    ['Sec-Fetch-Site: cross-site', 'Origin: http://localhost'],
    ['Referer: http://localhost/posts/new'],
    ['X-Requested-With: XMLHttpRequest'],
    ['X-CSRF-Token: x'],
    ['X-Csrf-Token: '],
  ]
  for (const fields of hostile) {
    for (const [type, sent] of [
      [FORM, body],
      ['Content-Type: multipart/form-data; boundary=b', multipart],
      ['Content-Type: text/plain', body],
      ['Content-Type: application/json', '{"title":"t","body":"b"}'],
      [`${FORM}; charset=iso-8859-1`, `${body}&_csrf=`],
    ] as const)
      assert.equal((await ask('POST', '/posts/new', [cookie, type, ...fields], sent)).status, 403, `${type} ${fields}`)
  }
  for (const method of ['PUT', 'DELETE', 'PATCH', 'PROPFIND', 'post'])
    assert.ok((await ask(method, '/posts/new', [cookie, FORM], body)).status >= 400, method)
  const overridden = await ask('GET', '/sign-out', [cookie, 'X-HTTP-Method-Override: POST'])
  assert.equal(overridden.status, 405, 'a method is what it is')
  assert.match((await ask('GET', '/')).body, /Nothing here yet/)
  assert.equal((await ask('POST', '/posts/new', [cookie, FORM, 'Origin: http://localhost'], body)).status, 303)
})

test('a name that the site does not have is in no answer of it', async (t) => {
  const { ask } = await theBoard(t)
  for (const host of [
    'evil.example',
    'localhost.evil.example',
    'localhost,evil.example',
    'evil.example:80',
    '0',
    '[::2]',
  ]) {
    const reply = await ask('GET', '/posts/new', [`Host: ${host}`, 'Accept: text/html'])
    assert.equal(reply.status, 400, host)
    assert.doesNotMatch(reply.head, /location/i)
  }
  for (const host of ['127.999.1.1', 'a..localhost', 'xn--a.localhost', '-.localhost', '127.0.0.1', 'localhost:81']) {
    const reply = await ask('GET', '/posts/new', [`Host: ${host}`, 'Accept: text/html'])
    assert.equal(reply.status, 400, `${host}: a name of this machine, asked from another`)
  }
  const forwarded = await ask('GET', '/posts/new', [
    'Accept: text/html',
    'X-Forwarded-Host: evil.example',
    'Forwarded: host=evil.example',
  ])
  assert.match(forwarded.head, /location: \/sign-in/i)
})

test('no file but those that were given away', async (t) => {
  const { ask, folder } = await theBoard(t)
  mkdirSync(join(folder, 'pictures'), { recursive: true })
  writeFileSync(join(folder, 'secret.txt'), 'secret')
  writeFileSync(join(folder, 'pictures', '.hidden'), 'secret')
  symlinkSync('../secret.txt', join(folder, 'pictures', 'link.png'))
  symlinkSync('..', join(folder, 'pictures', 'up'))
  const ups = ['..', '%2e%2e', '.%2e', '%252e%252e', '..%00', '..;', '%c0%ae%c0%ae', '%uff0e%uff0e', '....', '.', '']
  const slashes = ['/', '%2f', '%5c', '\\', '//', '%252f', '/./']
  for (const up of ups)
    for (const slash of slashes) {
      const reply = await ask('GET', `/pictures/${up}${slash}secret.txt`)
      assert.ok(reply.status === 404 || reply.status === 400, `${up}${slash} ${reply.status}`)
    }
  for (const name of ['.hidden', 'link.png', 'up/secret.txt', '/etc/passwd', '%2fetc%2fpasswd', 'a%00.png', 'con', ''])
    assert.equal((await ask('GET', `/pictures/${name}`)).status, 404, name)
})

test('whatever an upload is, it is not a page of the site', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'reticle-attack-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const script = '<script>alert(1)</script>'
  const files = {
    'a.html': script,
    'a.svg': `<svg xmlns="http://www.w3.org/2000/svg">${script}</svg>`,
    'a.png': `\x89PNG\r\n\x1a\n${script}`,
    'a.js': 'alert(1)',
    'a.xml': `<html xmlns="http://www.w3.org/1999/xhtml">${script}</html>`,
    'a.pdf': '%PDF-',
    'a.png.html': script,
    a: script,
  }
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content, 'latin1')
  const site = app({ secret: SECRET, hosts: ['localhost'] })
  site.mount('/u', uploadedFiles(folder))
  const ask = await asking(site.handle)
  for (const name of Object.keys(files)) {
    const { status, head } = await ask('GET', `/u/${name}`)
    assert.equal(status, 200, name)
    assert.match(head, /x-content-type-options: nosniff/i)
    assert.match(head, /content-security-policy: default-src 'none'; sandbox/i)
    assert.match(head, /content-type: (?:image\/png|application\/(?:pdf|octet-stream))\r/i)
    assert.match(head, name === 'a.png' ? /disposition: inline/i : /disposition: attachment/i)
  }
})

test('what a visitor sends is text on every page, the explaining one too', async () => {
  const hostile = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
  for (const debug of [true, false]) {
    const site = app({ debug, secret: SECRET, hosts: ['localhost'], log: () => {} })
    site.any('/fail/{x}', (c) => {
      throw new Error(`${c.params.x} ${c.header('x-hostile')}`)
    })
    const ask = await asking(site.handle)
    for (const accept of ['text/html', '*/*', 'application/json', 'application/xhtml+xml', hostile]) {
      const fields = [`Accept: ${accept}`, `X-Hostile: ${hostile}`, `User-Agent: ${hostile}`, `Cookie: ${hostile}`]
      for (const target of [
        `/fail/${encodeURIComponent(hostile)}?${encodeURIComponent(hostile)}=%22%3E%3Cscript%3E`,
        `/${encodeURIComponent(hostile)}`,
        `/fail/x?a=${hostile.replaceAll(/[ "<>]/g, '%3c')}`,
      ]) {
        const { head, body } = await ask('GET', target, fields)
        assert.match(head, /x-content-type-options: nosniff/i)
        if (/content-type: text\/html/i.test(head)) assert.doesNotMatch(body, /<script|<img/i)
        if (!debug) assert.doesNotMatch(body, /alert/, 'a plain page repeats nothing')
      }
    }
  }
})

class Thing extends Model {
  id = f.id()
  title = f.text(80)
  secret = f.password({ hash: async (given) => `hash:${given}` })
}

test('a JSON body that is passed on to the models asks for no more than equality', async () => {
  const failures: unknown[] = []
  const site = app({
    hosts: ['localhost'],
    db: 'sqlite::memory:',
    models: [Thing],
    secret: SECRET,
    log: ({ error }) => void failures.push(error),
  })
  await site.createTables()
  await site.run(() => Thing.create({ title: 'a', secret: 'b' }))
  site.post('/where', async (c) => await Thing.where((await c.body.json()) as never))
  site.post('/update', async (c) => ({ changed: await Thing.where({ id: 7 }).update((await c.body.json()) as never) }))
  site.get('/order', async (c) => await Thing.orderBy((c.query.get('by') ?? '') as never))
  site.get('/search', async (c) => await Thing.search(c.query.get('q') ?? '', 'title'))
  const ask = await asking(site.handle)
  const bodies = [
    ...[
      '{"title":{"$ne":null}}',
      '{"title":["a"]}',
      '{"title":{"id":"a"}}',
      '{"1=1 or title":"a"}',
      '{"constructor":1}',
    ],
    ...[
      '[]',
      'null',
      '"title"',
      '{"__proto__":{"title":"a"}}',
      '{"title":true}',
      '{"toString":"a"}',
      '{"t.title":"a"}',
    ],
    '{"title":"a\\" or 1=1 --"}',
  ]
  for (const path of ['/where', '/update'])
    for (const body of bodies) {
      const reply = await ask('POST', path, ['Content-Type: application/json'], body)
      assert.doesNotMatch(reply.body, /"title":"a"|changed":[1-9]/, `${path} ${body}`)
      assert.doesNotMatch(reply.body, /hash:|SQLITE|near "/i)
    }
  for (const by of ['secret', '-secret', 'title; drop table thing', '1', 'title desc', 'rowid', '__proto__'])
    assert.equal((await ask('GET', `/order?by=${encodeURIComponent(by)}`)).status, 500, by)
  for (const q of ["' or 1=1 --", '%', '_', '\\', 'a%', '" or ""="'])
    assert.equal((await ask('GET', `/search?q=${encodeURIComponent(q)}`)).body, '[]', q)
  const all = await ask('GET', '/search?q=a')
  assert.equal(all.body, '[{"id":1,"title":"a"}]', 'and a row shows no secret')
  assert.ok(failures.every((error) => error instanceof Error && !/SQLITE|near "/.test(error.message)))
})
