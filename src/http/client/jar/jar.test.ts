/** The jar by tables: what is taken from whom (RFC 6265bis §5.6, §5.7), and what goes to whom (§5.8). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HttpMisuse } from '../../errors.ts'
import type { Handler } from '../../exchange.ts'
import { serve } from '../../server/serve.ts'
import { TestNetwork } from '../../trial/network.ts'
import { Client } from '../client.ts'
import { parseCookieDate } from './cookie-date.ts'
import { type CookieContext, CookieJar } from './jar.ts'
import { cookies } from './layer.ts'

const NOW = Date.UTC(2026, 0, 1)
const DAY = 86_400_000

function jarOf(...set: [url: string, line: string][]): CookieJar {
  const jar = new CookieJar()
  for (const [url, line] of set) jar.set(new URL(url), line, NOW)
  return jar
}
const sent = (jar: CookieJar, url: string, now = NOW, context?: CookieContext) => jar.field(new URL(url), now, context)

test('which cookies are taken, and how they are read', () => {
  const table: [url: string, line: string, at: string, field: string][] = [
    ['http://a.example/', 'a=b', 'http://a.example/', 'a=b'],
    ['http://a.example/', '  a  =  b  ; Path=/', 'http://a.example/', 'a=b'],
    ['http://a.example/', 'a=b=c; x', 'http://a.example/', 'a=b=c'],
    ['http://a.example/', 'a="b c"', 'http://a.example/', 'a="b c"'],
    ['http://a.example/', 'alone', 'http://a.example/', 'alone'],
    ['http://a.example/', '=alone', 'http://a.example/', 'alone'],
    ['http://a.example/', 'a=', 'http://a.example/', 'a='],
    ['http://a.example/', ' = ; Path=/', 'http://a.example/', ''],
    ['http://a.example/', '', 'http://a.example/', ''],
    ['http://a.example/', 'a=b\x00c', 'http://a.example/', ''],
    ['http://a.example/', 'a=b\nSet-Cookie: c=d', 'http://a.example/', ''],
    ['http://a.example/', 'a=b\tc', 'http://a.example/', 'a=b\tc'],
    ['http://a.example/', '\xa0a=b', 'http://a.example/', '\xa0a=b'],
    // Domain
    ['http://a.example/', 'a=b', 'http://x.a.example/', ''],
    ['http://x.a.example/', 'a=b; Domain=a.example', 'http://y.a.example/', 'a=b'],
    ['http://x.a.example/', 'a=b; Domain=.A.Example', 'http://a.example/', 'a=b'],
    ['http://x.a.example/', 'a=b; Domain=.A.Example', 'http://xa.example/', ''],
    ['http://x.a.example/', 'a=b; Domain=y.a.example', 'http://y.a.example/', ''],
    ['http://a.example/', 'a=b; Domain=x.a.example', 'http://x.a.example/', ''],
    ['http://a.example/', 'a=b; Domain=other.example', 'http://other.example/', ''],
    ['http://a.example/', 'a=b; Domain=example', 'http://b.example/', ''],
    ['http://a.co.uk/', 'a=b; Domain=co.uk', 'http://b.co.uk/', ''],
    ['http://a.example./', 'a=b; Domain=example.', 'http://b.example./', ''],
    ['http://a.co.uk./', 'a=b; Domain=co.uk.', 'http://b.co.uk./', ''],
    ['http://a.example/', 'a=b; Domain=', 'http://a.example/', 'a=b'],
    ['http://localhost/', 'a=b; Domain=localhost', 'http://localhost/', 'a=b'],
    ['http://10.0.0.1/', 'a=b; Domain=0.0.1', 'http://2.0.0.1/', ''],
    ['http://10.0.0.1/', 'a=b; Domain=10.0.0.1', 'http://10.0.0.1/', 'a=b'],
    ['http://[::1]/', 'a=b', 'http://[::1]/', 'a=b'],
    ['http://a.example/', 'a=b; Domain=ex\xe4mple', 'http://a.example/', ''],
    // The port and, without Secure, the scheme part nothing.
    ['http://a.example:81/', 'a=b', 'https://a.example/', 'a=b'],
    // Path
    ['http://a.example/x/y', 'a=b', 'http://a.example/x/z', 'a=b'],
    ['http://a.example/x/y', 'a=b', 'http://a.example/x', 'a=b'],
    ['http://a.example/x/y', 'a=b', 'http://a.example/xy', ''],
    ['http://a.example/x/y', 'a=b', 'http://a.example/', ''],
    ['http://a.example/x/y', 'a=b; Path=/', 'http://a.example/', 'a=b'],
    ['http://a.example/x/y', 'a=b; Path=/z', 'http://a.example/z/1', 'a=b'],
    ['http://a.example/x/y', 'a=b; Path=z', 'http://a.example/x/', 'a=b'],
    // Secure
    ['https://a.example/', 'a=b; Secure', 'https://a.example/', 'a=b'],
    ['https://a.example/', 'a=b; Secure', 'http://a.example/', ''],
    ['http://a.example/', 'a=b; Secure', 'https://a.example/', ''],
    ['https://a.example/', 'a=b; SameSite=None', 'https://a.example/', ''],
    ['https://a.example/', 'a=b; SameSite=None; Secure', 'https://a.example/', 'a=b'],
    // Prefixes
    ['https://a.example/', '__Host-a=b; Secure; Path=/', 'https://a.example/', '__Host-a=b'],
    ['https://a.example/', '__Host-a=b; Secure', 'https://a.example/', ''],
    ['https://a.example/', '__host-a=b; Secure; Path=/; Domain=a.example', 'https://a.example/', ''],
    ['https://a.example/', '__HOST-a=b; Path=/', 'https://a.example/', ''],
    ['http://a.example/', '__Host-a=b; Secure; Path=/', 'https://a.example/', ''],
    ['https://a.example/', '__Secure-a=b', 'https://a.example/', ''],
    ['https://a.example/', '__Secure-a=b; Secure; Domain=a.example', 'https://x.a.example/', '__Secure-a=b'],
    ['http://a.example/', '=__Host-a=b', 'http://a.example/', ''],
    ['http://a.example/', '__Secure-a', 'http://a.example/', ''],
  ]
  for (const [url, line, at, field] of table)
    assert.equal(sent(jarOf([url, line]), at), field, `${JSON.stringify(line)} from ${url} to ${at}`)
})

test('how long cookies live', () => {
  const table: [line: string, days: number, field: string][] = [
    ['a=b', 1000, 'a=b'],
    ['a=b; Max-Age=86400', 0.9, 'a=b'],
    ['a=b; Max-Age=86400', 1, ''],
    ['a=b; Max-Age=0', 0, ''],
    ['a=b; Max-Age=-5', 0, ''],
    ['a=b; Max-Age=1e9', 1, 'a=b'],
    ['a=b; Max-Age=99999999999999999999', 399, 'a=b'],
    ['a=b; Max-Age=99999999999999999999', 401, ''],
    ['a=b; Expires=Fri, 02 Jan 2026 00:00:00 GMT', 0.9, 'a=b'],
    ['a=b; Expires=Fri, 02 Jan 2026 00:00:00 GMT', 1, ''],
    ['a=b; Expires=Thu, 01 Jan 1970 00:00:00 GMT', 0, ''],
    ['a=b; Expires=never', 1000, 'a=b'],
    ['a=b; Expires=Fri, 02 Jan 2026 00:00:00 GMT; Max-Age=259200', 2, 'a=b'],
    ['a=b; Max-Age=259200; Expires=Fri, 02 Jan 2026 00:00:00 GMT', 2, 'a=b'],
    ['a=b; Expires=Sun, 01 Jan 2040 00:00:00 GMT', 401, ''],
  ]
  for (const [line, days, field] of table)
    assert.equal(sent(jarOf(['http://a.example/', line]), 'http://a.example/', NOW + days * DAY), field, line)
})

test('dates as servers write them', () => {
  const at = Date.UTC(1994, 10, 6, 8, 49, 37)
  const good = [
    'Sun, 06 Nov 1994 08:49:37 GMT',
    'Sunday, 06-Nov-94 08:49:37 GMT',
    'Sun Nov  6 08:49:37 1994',
    '6 NOVember 94 8:49:37',
    '08:49:37 1994 6 nov',
    'Sun,06-Nov-1994 08:49:37utc',
  ]
  for (const text of good) assert.equal(parseCookieDate(text), at, text)
  const bad = [
    '',
    'Nov 1994 08:49:37',
    '6 Nov 1994',
    '31 Feb 1994 08:49:37',
    '6 Nov 1600 08:49:37',
    '6 Nov 1994 24:49:37',
    '6 Nov 1994 08:60:37',
    '6 Nov 1994 08:49:60',
    '32 Nov 1994 08:49:37',
  ]
  for (const text of bad) assert.equal(parseCookieDate(text), null, text)
  assert.equal(parseCookieDate('6 Nov 69 08:49:37'), Date.UTC(2069, 10, 6, 8, 49, 37))
})

test('a cookie is replaced in its place, removed, and sent by path and by age', () => {
  const url = 'http://a.example/x/y'
  const jar = jarOf(
    [url, 'first=1; Path=/'],
    [url, 'long=2; Path=/x/y'],
    [url, 'second=3; Path=/'],
    [url, 'first=4; Path=/'],
    [url, 'long=5; Path=/x'],
  )
  assert.equal(sent(jar, url), 'long=2; long=5; first=4; second=3')
  jar.set(new URL(url), 'long=; Path=/x; Max-Age=0', NOW)
  assert.equal(sent(jar, url), 'long=2; first=4; second=3')
  jar.clear('other.example')
  assert.equal(jar.size, 3)
  jar.clear('a.example')
  assert.deepEqual([jar.size, sent(jar, url)], [0, ''])
})

test('plain http cannot plant, shadow or remove what https has set', () => {
  const jar = jarOf(['https://a.example/', 'id=good; Secure; Domain=a.example; Path=/'])
  for (const [url, line] of [
    ['http://a.example/', 'id=evil; Path=/'],
    ['http://x.a.example/', 'id=evil; Domain=a.example'],
    ['http://x.a.example/', 'id=evil'],
    ['http://a.example/', 'id=; Max-Age=0'],
    ['http://a.example/', 'id=evil; Path=/deep'],
  ] as const)
    assert.equal(jar.set(new URL(url), line, NOW), false, line)
  assert.equal(sent(jar, 'https://x.a.example/deep'), 'id=good')
  assert.equal(jar.set(new URL('http://other.example/'), 'id=mine', NOW), true)
})

test('SameSite: what goes along on behalf of another site', () => {
  const url = 'https://a.example/'
  const jar = jarOf(
    [url, 'default=1'],
    [url, 'lax=2; SameSite=Lax'],
    [url, 'strict=3; SameSite=Strict'],
    [url, 'none=4; SameSite=None; Secure'],
    [url, 'odd=5; SameSite=nonsense'],
  )
  const all = 'default=1; lax=2; strict=3; none=4; odd=5'
  const from = (initiator: string, topLevel: boolean) =>
    sent(jar, url, NOW, { initiator: new URL(initiator), topLevel })
  assert.equal(sent(jar, url), all)
  assert.equal(from('https://www.a.example/', false), all)
  assert.equal(from('https://b.example/', true), 'default=1; lax=2; none=4; odd=5')
  assert.equal(from('https://b.example/', false), 'none=4')
  // Another scheme is another site ("schemeful").
  assert.equal(from('http://a.example/', false), 'none=4')
  const cross = { initiator: new URL('https://b.example/'), topLevel: false }
  assert.equal(jar.set(new URL(url), 'planted=1', NOW, cross), false)
  assert.equal(jar.set(new URL(url), 'third=1; SameSite=None; Secure', NOW, cross), true)
})

test('a jar is bounded: cookieBytes, cookieAttributeBytes, jarCookiesPerDomain, jarCookies', () => {
  const url = new URL('https://a.example/')
  const jar = new CookieJar({
    limits: { cookieBytes: 10, cookieAttributeBytes: 5, jarCookies: 6, jarCookiesPerDomain: 4 },
  })
  assert.equal(jar.set(url, 'a=0123456789', NOW), false)
  assert.equal(jar.set(url, 'a=012345678', NOW), true)
  jar.set(url, 'p=1; Path=/toolong', NOW)
  assert.equal(sent(jar, 'https://a.example/'), 'a=012345678; p=1')
  jar.clear()
  jar.set(url, 'safe=1; Secure', NOW)
  jar.set(url, 'old=2', NOW)
  jar.set(url, 'gone=3; Max-Age=1', NOW)
  jar.set(url, 'used=4; Path=/used', NOW)
  jar.field(new URL('https://a.example/used'), NOW + 5)
  jar.set(url, 'new=5', NOW + 2000)
  assert.deepEqual(
    jar.save().map(({ name }) => name),
    ['safe', 'old', 'used', 'new'],
  )
  jar.set(url, 'newer=6; Path=/n', NOW + 2000)
  assert.equal(jar.size, 4)
  for (let i = 0; i < 20; i++) jar.set(new URL(`https://${i}.test/`), 'a=b', NOW + 3000 + i)
  assert.equal(jar.size, 6)
  assert.equal(sent(jar, 'https://a.example/'), 'safe=1')
})

test('a jar is saved and loaded; what save did not give is refused', () => {
  const jar = jarOf(
    ['http://a.example/', 'a=b; Max-Age=100'],
    ['https://x.b.example/p/q', '__Secure-c=d; Secure; HttpOnly; SameSite=Strict; Domain=b.example'],
  )
  const copy = CookieJar.load(JSON.parse(JSON.stringify(jar.save())))
  assert.deepEqual(copy.save(), jar.save())
  assert.equal(sent(copy, 'https://y.b.example/p/'), '__Secure-c=d')
  const [one] = jar.save()
  for (const bad of [
    {},
    null,
    [1],
    [{ ...one, value: 'a\r\nb' }],
    [{ ...one, sameSite: 'x' }],
    [{ ...one, expires: 'x' }],
  ])
    assert.throws(() => CookieJar.load(bad), HttpMisuse, JSON.stringify(bad))
})

test('a million characters of a Set-Cookie line are read in one pass', () => {
  const jar = new CookieJar()
  const url = new URL('http://a.example/')
  for (const piece of ['; ', ';Path=/', ';=', '=', ' ', '; Expires=1:1:1 ', '\t'])
    jar.set(url, `a=b${piece.repeat(1_000_000 / piece.length)}`, NOW)
  assert.ok(jar.size <= 1)
})

const echo: Handler = (exchange) => {
  const [line, location] = exchange.query.split('!').map(decodeURIComponent)
  const fields = line === '' || line === undefined ? [] : line.split('|').flatMap((one) => ['Set-Cookie', one])
  if (location !== undefined) fields.push('Location', location)
  exchange.reply(location === undefined ? 200 : 302, fields, exchange.header('cookie') ?? '-')
}

test('a client with a jar: every hop fills the jar and is filled from it; the program’s own cookies win', async () => {
  const network = new TestNetwork()
  const host = network.host('web', '10.0.0.80')
  const laptop = network.host('laptop', '10.0.0.2', {}, undefined, host.clock)
  const other = network.host('other', '10.0.0.81', {}, undefined, host.clock)
  await serve(host, echo, { port: 80 })
  await serve(other, echo, { port: 80 })
  const jar = new CookieJar()
  const client = new Client(laptop, { layers: [cookies(jar)] })
  const get = async (url: string, fields: string[] = []) =>
    (await client.request(url, { fields, redirect: 'follow' })).body.text()
  assert.equal(await get('http://web/?a=1|b=2'), '-')
  assert.equal(await get('http://web/'), 'a=1; b=2')
  assert.equal(await get(`http://web/?c=3!${encodeURIComponent('/')}`), 'a=1; b=2; c=3')
  assert.equal(await get(`http://web/?d=4!${encodeURIComponent('http://other/?e=5')}`), '-')
  assert.equal(await get('http://other/'), 'e=5')
  assert.equal(await get('http://web/', ['Cookie', 'b=mine; z=9']), 'b=mine; z=9; a=1; c=3; d=4')
  // The program's Cookie stays behind at another origin; the jar's own for that origin go.
  assert.equal(await get(`http://web/?!${encodeURIComponent('http://other/')}`, ['Cookie', 'secret=1']), 'e=5')
})
