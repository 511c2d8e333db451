import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { RouteError } from '../errors.ts'
import type { Converter } from './converter.ts'
import { canonicalPath } from './path.ts'
import { parsePattern, reversePattern } from './pattern.ts'
import { urls } from './route.ts'
import { RouteTable } from './tree.ts'

const month: Converter<{ year: number; month: number }> = {
  rank: 45,
  match(text) {
    const found = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(text)
    return found === null ? undefined : { year: Number(found[1]), month: Number(found[2]) }
  },
  text: ({ year, month }) => `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}`,
}

const to = urls(
  {
    home: '/',
    posts: { create: '/posts/new', show: '/posts/{slug:slug}', edit: '/posts/{id:int}/edit' },
    file: '/files/{path:path}',
    key: '/keys/{id:uuid}',
    archive: '/archive/{when:month}/{name}',
    feed: '/feeds/{name}.xml',
  },
  { converters: { month } },
)

test('a route is called to give its address', () => {
  assert.equal(to.home(), '/')
  assert.equal(to.home({ page: 2, tag: ['a b', 'c'], none: undefined }), '/?page=2&tag=a%20b&tag=c')
  assert.equal(to.posts.show({ slug: 'hello-world' }), '/posts/hello-world')
  assert.equal(to.posts.edit({ id: 7 }, { draft: true }), '/posts/7/edit?draft=true')
  assert.equal(to.file({ path: 'a b/ü.txt' }), '/files/a%20b/%C3%BC.txt')
  assert.equal(to.archive({ when: { year: 2026, month: 3 }, name: 'x/y'.slice(0, 1) }), '/archive/2026-03/x')
  assert.equal(to.feed({ name: 'new:all' }), '/feeds/new:all.xml')
  assert.equal(to.posts.show.routeName, 'posts.show')
})

test('what other frameworks would take for a parameter is text where it cannot be one', () => {
  for (const pattern of ['/v1/items:batch', '/time-12:30', '/a*b', '/it/{x}', '/wiki/Dürer_(painter)'])
    assert.equal(parsePattern(pattern).source, pattern)
})

test('what does not fit the pattern is refused with the value and the kind', () => {
  const wrong = (run: () => unknown, expected: RegExp) =>
    assert.throws(run, (error: Error) => error instanceof RouteError && expected.test(error.message))
  wrong(() => to.posts.edit({ id: -1 }), /id = -1 does not fit \{id:int\}/)
  wrong(() => to.posts.edit({ id: 1.5 }), /1\.5/)
  wrong(() => to.posts.show({ slug: 'no/slash' }), /"no\/slash"/)
  wrong(() => to.file({ path: '../etc/passwd' }), /path/)
  wrong(() => to.file({ path: 'a//b' }), /path/)
  wrong(() => to.key({ id: 'x' }), /uuid/)
  wrong(() => to.posts.show(Object.create({ slug: 'inherited' })), /needs a value for slug/)
})

test('the types follow from the pattern', () => {
  const calls = () => {
    // @ts-expect-error a number is wanted
    to.posts.edit({ id: 'x' })
    // @ts-expect-error the parameter is missing
    to.posts.show()
    // @ts-expect-error there is no such parameter
    to.posts.show({ slog: 'x' })
    // @ts-expect-error the converter's own type
    to.archive({ when: '2026-03', name: 'x' })
    // @ts-expect-error there is no such route
    to.posts.list()
  }
  assert.equal(typeof calls, 'function')
})

test('patterns that cannot be matched are refused when they are written', () => {
  for (const [pattern, expected] of [
    ['posts', /must begin with/],
    ['/a//b', /empty segment/],
    ['/{id:nope}', /no converter 'nope': there are int, uuid, slug, str, path/],
    ['/{a}/{a}', /two parameters named a/],
    ['/{a}{b}', /one parameter each/],
    ['/{path:path}/x', /whole last segment/],
    ['/{id', /one parameter each/],
    ['/{__proto__}', /__proto__/],
    ['/{id:constructor}', /no converter/],
    ['/a%2fb', /write it decoded/],
    ['/../x', /can never match/],
    ['/users/:id', /':id' would be matched as written: write \{id\}/],
    ['/users/:id?', /register a second pattern without \{id\}/],
    ['/files/:name.json', /a parameter is written \{name\}/],
    ['/users/*', /\{rest:path\} for the rest of the path, or \{name\}/],
    ['/*/x', /\{name\} for any one segment/],
    ['/**', /\{rest:path\}/],
    ['/*rest', /\{rest:path\}/],
    ['/[id]', /write \{id\}/],
    ['/[...all]', /write \{path:path\}/],
    ['/<int:id>', /a parameter is written \{name\} or \{name:int\}/],
    ['/(a|b)', /no regular expressions/],
  ] as const)
    assert.throws(() => parsePattern(pattern), expected, pattern)
})

function table(...patterns: readonly string[]): RouteTable<string> {
  const made = new RouteTable<string>()
  for (const pattern of patterns) made.endpoint(parsePattern(pattern, { month }), () => pattern)
  return made
}

function find(routes: RouteTable<string>, raw: string): readonly [string, Record<string, unknown>] | null {
  const path = canonicalPath(raw)
  const match = path === null ? null : routes.match(path)
  return match && [match.endpoint.value, { ...match.params }]
}

test('the most particular route takes the path, whatever the order of registration', () => {
  const patterns = [
    '/p/{rest:path}',
    '/p/{name}',
    '/p/{slug:slug}',
    '/p/{id:int}',
    '/p/new',
    '/p/{key:uuid}',
    '/p/v{id:int}',
  ]
  const uuid = '01234567-89ab-cdef-0123-456789abcdef'
  for (const order of [patterns, patterns.toReversed()]) {
    const routes = table(...order)
    assert.deepEqual(find(routes, '/p/new'), ['/p/new', {}])
    assert.deepEqual(find(routes, '/p/12'), ['/p/{id:int}', { id: 12 }])
    assert.deepEqual(find(routes, '/p/v12'), ['/p/v{id:int}', { id: 12 }])
    assert.deepEqual(find(routes, `/p/${uuid}`), ['/p/{key:uuid}', { key: uuid }])
    assert.deepEqual(find(routes, '/p/007'), ['/p/{slug:slug}', { slug: '007' }])
    assert.deepEqual(find(routes, '/p/h%C3%A9'), ['/p/{name}', { name: 'hé' }])
    assert.deepEqual(find(routes, '/p/a/b'), ['/p/{rest:path}', { rest: 'a/b' }])
    assert.equal(find(routes, '/q'), null)
  }
})

test('a branch that leads nowhere is left for the next', () => {
  const routes = table('/posts/{id:int}/edit', '/posts/{slug:slug}/view', '/posts/{rest:path}')
  assert.deepEqual(find(routes, '/posts/12/view'), ['/posts/{slug:slug}/view', { slug: '12' }])
  assert.deepEqual(find(routes, '/posts/12/none'), ['/posts/{rest:path}', { rest: '12/none' }])
})

test('two patterns for the same paths must agree on their names and ranks', () => {
  assert.throws(() => table('/a/{id:int}', '/a/{key:int}'), /give their parameters the same names/)
  const twin = { twin: { rank: 50, match: (text: string) => text, text: (value: string) => value } }
  const routes = new RouteTable<null>()
  routes.endpoint(parsePattern('/a/{id:int}'), () => null)
  assert.throws(
    () => routes.endpoint(parsePattern('/a/{id:twin}', twin), () => null),
    /'\/a\/\{id:twin\}' and '\/a\/\{id:int\}' have converters of the same rank/,
  )
})

test('a path that could be read in two ways is not found', () => {
  for (const raw of [
    'a',
    '',
    '/a//b',
    '//a',
    '/../a',
    '/a/..',
    '/a/./b',
    '/.',
    '/%2e%2e/a',
    '/%2E%2e',
    '/.%2e/x',
    '/a%2fb',
    '/a%2Fb',
    '/a%5Cb',
    '/a\\b',
    '/a%00',
    '/a\0b',
    '/%',
    '/%zz',
    '/%ff',
    '/%c0%af',
    '/ü',
    '/a b',
    '/%ed%a0%80',
  ])
    assert.equal(canonicalPath(raw), null, JSON.stringify(raw))
  for (const [raw, path] of [
    ['/', '/'],
    ['/a/', '/a/'],
    ['/a%20b/c', '/a b/c'],
    ['/%61', '/a'],
    ['/a.b/..c', '/a.b/..c'],
    ['/%25', '/%'],
    ['/a:@;=b', '/a:@;=b'],
  ] as const)
    assert.equal(canonicalPath(raw), path)
})

test('what is reversed is matched again, with the same values', () => {
  const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
  const segment = text.filter((s) => !/[/\\\0]/.test(s) && s !== '.' && s !== '..' && s.isWellFormed())
  const values = fc.record({ id: fc.nat(), name: segment, rest: fc.array(segment, { minLength: 1, maxLength: 4 }) })
  const pattern = parsePattern('/x/{id:int}/n-{name}/{rest:path}')
  const routes = new RouteTable<null>()
  routes.endpoint(pattern, () => null)
  fc.assert(
    fc.property(values, ({ id, name, rest }) => {
      const params = { id, name, rest: rest.join('/') }
      const path = canonicalPath(reversePattern(pattern, params))
      assert.notEqual(path, null)
      assert.deepEqual({ ...routes.match(path!)?.params }, params)
    }),
    { numRuns: 300 },
  )
})

test('any path whatever is answered, and never with a prototype', () => {
  const routes = table('/{a}/{b:int}', '/{__a}/{rest:path}', '/{a}')
  fc.assert(
    fc.property(fc.string({ unit: 'binary-ascii', maxLength: 40 }), (text) => {
      const path = canonicalPath(`/${text}`)
      const match = path === null ? null : routes.match(path)
      if (match !== null) assert.equal(Object.getPrototypeOf(match.params), null)
    }),
    { numRuns: 500 },
  )
})

test('the cost of a match is bounded by the routes, not by the path', () => {
  // Thirty levels of int-or-slug would be 2^30 walks for a matcher that tries every combination.
  const levels = (kind: string) => Array.from({ length: 30 }, (_, i) => `/{p${i}:${kind}}`).join('')
  const routes = table(`${levels('int')}/end`, `${levels('slug')}/end`)
  const path = `${'/1'.repeat(30)}/other`
  const started = performance.now()
  for (let i = 0; i < 100; i++) assert.equal(find(routes, path), null)
  assert.ok(performance.now() - started < 1000)
})
