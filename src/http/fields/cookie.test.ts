import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HTTP_LIMITS } from '../limits.ts'
import { formatCookie, parseCookies } from './cookie.ts'

test('the Cookie field', () => {
  const cookies = parseCookies('a=1; b=x=y ;c="q"; ; =v; d; a=2; __proto__=p; constructor=k')
  assert.deepEqual(Object.fromEntries([...cookies].filter(([name]) => name !== '__proto__')), {
    a: '1',
    b: 'x=y',
    c: '"q"',
    constructor: 'k',
  })
  assert.equal(cookies.get('__proto__'), 'p')
  assert.equal(parseCookies(undefined).size, 0)
})

test('no cookie can be planted under the name of another by what is not white space', () => {
  for (const space of ['\xa0', '\v', '\f', '\x85', '\xad', '\u2003', '\ufeff', '\x1f'])
    for (const field of [
      `${space}__Host-session=planted`,
      `a=b;${space}__Host-session=planted`,
      `__Host-session${space}=planted`,
    ])
      assert.equal(parseCookies(field).get('__Host-session'), undefined, JSON.stringify(field))
  // RFC 6265bis §5.6: SP and HTAB are.
  assert.equal(parseCookies('a=b;\t __Host-session \t= v\t').get('__Host-session'), 'v')
})

test('past the cap cookies are left out; adversarial fields take linear time', () => {
  const many = Array.from({ length: HTTP_LIMITS.cookieCount + 1 }, (_, i) => `c${i}=`).join('; ')
  assert.equal(parseCookies(many).size, HTTP_LIMITS.cookieCount)
  for (const junk of [
    ';'.repeat(65_536),
    '='.repeat(65_536),
    'a'.repeat(65_536),
    ' ;'.repeat(32_768),
    '"'.repeat(65_536),
  ])
    assert.ok(parseCookies(junk).size <= 1)
})

test('Set-Cookie', () => {
  assert.equal(formatCookie('a', '1'), 'a=1; Path=/')
  assert.equal(
    formatCookie('__Host-s', 'v', { secure: true, httpOnly: true, sameSite: 'Lax', maxAge: 60, expires: 0 }),
    '__Host-s=v; Path=/; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; HttpOnly; SameSite=Lax',
  )
  assert.equal(
    formatCookie('a', '', { domain: 'x.example', path: '/p', secure: true, partitioned: true }),
    'a=; Path=/p; Domain=x.example; Secure; Partitioned',
  )
})

test('what a browser would refuse or misread is refused here', () => {
  const bad: [string, string, object?][] = [
    ['', 'v'],
    ['a b', 'v'],
    ['a\r\n', 'v'],
    ['a', 'v;Domain=x'],
    ['a', 'v\r\nSet-Cookie: b=c'],
    ['a', 'v\u010a'],
    ['a', 'a,b'],
    ['a', 'é'],
    ['a', 'v', { path: '/;HttpOnly' }],
    ['a', 'v', { path: 'relative' }],
    ['a', 'v', { path: '/\r\n' }],
    ['a', 'v', { domain: 'a;b' }],
    ['a', 'v', { domain: 'a\r\n' }],
    ['a', 'v', { maxAge: 1.5 }],
    ['a', 'v', { expires: Number.NaN }],
    ['a', 'v', { sameSite: 'None' }],
    ['a', 'v', { partitioned: true }],
    ['__Secure-a', 'v'],
    ['__host-a', 'v', { secure: true, path: '/x' }],
    ['__Host-a', 'v', { secure: true, domain: 'x' }],
    ['a', 'v'.repeat(HTTP_LIMITS.cookieBytes)],
  ]
  for (const [name, value, attributes] of bad)
    assert.throws(
      () => formatCookie(name, value, attributes),
      /^HttpMisuse: cookie /,
      JSON.stringify([name, value, attributes]),
    )
})
