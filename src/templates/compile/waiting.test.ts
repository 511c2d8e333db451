/** Promises and queries among the data: awaited where a template may wait, refused where it may not. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TemplateError, Templates } from '../index.ts'

/** A query of the models: something with `then` that runs when it is awaited. */
class Query<T> implements PromiseLike<T> {
  readonly #run: () => T
  ran = 0

  constructor(run: () => T) {
    this.#run = run
  }

  // biome-ignore lint/suspicious/noThenProperty: that is what a query is
  then<A, B>(
    done?: ((value: T) => A | PromiseLike<A>) | null,
    failed?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ) {
    this.ran++
    return Promise.resolve()
      .then(() => this.#run())
      .then(done, failed)
  }
}

const later = <T>(value: T): Promise<T> => new Promise((resolve) => queueMicrotask(() => resolve(value)))

/** Each form of expression and tag with something to wait for, and what it must print. */
const WAITING: readonly (readonly [template: string, printed: string])[] = [
  ['{{ a }}', 'A'],
  ['[{{ a }}][{{ a }}]', '[A][A]'],
  ['{{ a ~ b }}{{ b ~ a }}', 'A&lt;B&lt;BA'],
  ['{{ n + n * 2 }}', '6'],
  ['{{ user.name }}{{ user["name"] }}{{ row.promised.name }}', 'UUP'],
  ['{{ list|length }}{{ list|first }}{{ list|join("-") }}', '211-2'],
  ['{{ a|default("x") }}{{ none|default(a) }}', 'AA'],
  ['{{ a|promise }}{{ "x"|promise|upper }}', 'a!X!'],
  ['{{ load("k") }}{{ load(a)|upper }}', 'k1A2'],
  ['{{ "y" if yes else "n" }}{{ "y" if not yes else "n" }}', 'yn'],
  ['{% if yes %}y{% else %}n{% endif %}{% if no %}y{% elif yes %}e{% endif %}', 'ye'],
  ['{% if list %}some{% endif %}{% if empty %}some{% else %}none{% endif %}', 'somenone'],
  ['{% for x in list %}{{ x }}{{ a }}{% endfor %}', '1A2A'],
  ['{% for x in promises %}{{ loop.index }}{{ x }}{% if loop.last %}.{% endif %}{% endfor %}', '1p2q.'],
  ['{% for x in empty %}x{% else %}{{ a }}{% endfor %}', 'A'],
  [
    '{% for x in list %}{% for y in list %}{{ loop.parent.index }}{{ y }}{{ load(y) }} {% endfor %}{% endfor %}',
    '1111 1222 2113 2224 ',
  ],
  ['{% set v = a %}{{ v }}{% with w=a %}{{ w }}{% endwith %}{{ w }}', 'AA'],
  ['{% include "part" %}{% include part with a=n only %}', '[A][2]'],
  ['{% include "part" with a=b %}{{ a }}', '[&lt;B]A'],
  [
    '{% macro m(x) %}({{ x }}{{ b }}{{ load(x) }}){% endmacro %}{{ m(a) }}{{ m("c") ~ m(a) }}',
    '(A&lt;BA1)(c&lt;Bc2)(A&lt;BA3)',
  ],
  ['{% macro m(x=a) %}{{ x }}{% endmacro %}<a href="?q={{ m() }}">{{ m(x=b) }}', '<a href="?q=A">&lt;B'],
  [
    '<p title="{{ b }}"><script>f({{ list }}, "{{ b }}")</script>',
    '<p title="&lt;B"><script>f([1,2], "\\u003cB")</script>',
  ],
  ['{{ getter }}{{ getter }}', 'g1g2'],
]

function data() {
  let [loads, gets] = [0, 0]
  const query = new Query(() => [1, 2])
  return {
    query,
    values: {
      a: later('A'),
      b: later('<B'),
      n: later(2),
      yes: later(true),
      no: later(false),
      empty: later([]),
      list: query,
      user: later({ name: 'U' }),
      row: { promised: later({ name: 'P' }) },
      promises: [later('p'), later('q')],
      part: later('part'),
      load: (what: unknown) => later(`${what}${++loads}`),
      get getter() {
        return later(`g${++gets}`)
      },
    },
  }
}

const engine = (t: string) =>
  new Templates(
    {
      t,
      part: '[{{ a }}]',
      layout: '<p>{% block one %}{% endblock %}</p>{% block two %}{{ a }}{% endblock %}',
      child:
        '{% extends "layout" %}{% set v = a %}{% block one %}{{ v }}{{ a }}{% endblock %}{% block two %}{{ super() }}!{% endblock %}',
    },
    { filters: { promise: (text: unknown) => later(`${String(text).toLowerCase()}!`) } },
  )

test('what is not there yet is awaited where it is needed', async () => {
  for (const [template, printed] of WAITING) {
    const waits = engine(template).renderAsync('t', data().values)
    assert.ok(waits instanceof Promise, template)
    assert.equal(await waits, printed, template)
  }
  assert.equal(await engine('').renderAsync('child', { a: later('A') }), '<p>AA</p>A!')
})

test('without anything to wait for the page is there at once', () => {
  const page = engine('{{ a }}{% for x in [1, 2] %}{{ x }}{% endfor %}{% include "part" %}').renderAsync('t', { a: 1 })
  assert.equal(page, '112[1]')
})

test('a function is called once, however often its expression has to wait', async () => {
  const calls: string[] = []
  const load = (what: string) => {
    calls.push(what)
    return later(what)
  }
  const templates = engine('{{ load("a") ~ load("b") ~ now("c") ~ load("d") }}')
  const now = (what: string) => {
    calls.push(what)
    return what
  }
  assert.equal(await templates.renderAsync('t', { load, now }), 'abcd')
  assert.deepEqual(calls, ['a', 'b', 'c', 'd'])
})

test('a query that a template names several times runs once', async () => {
  const { query, values } = data()
  const template = '{% if list %}{{ list|length }}{% for x in list %}{{ x }}{% endfor %}{{ list|first }}{% endif %}'
  assert.equal(await engine(template).renderAsync('t', values), '2121')
  assert.equal(query.ran, 1)
})

test('what is not awaited is an error at once, wherever it stands, with the place and the advice', () => {
  for (const [template] of WAITING) {
    assert.throws(
      () => engine(template).render('t', data().values),
      (error) => {
        assert.ok(error instanceof TemplateError, String(error))
        assert.match(error.message, /promise or a query that was not awaited: await the query/, template)
        assert.equal(error.code, 'TEMPLATE_RENDER')
        return true
      },
      template,
    )
  }
  for (const expression of [
    'list == none',
    'list is none',
    'list is defined',
    'list in [1]',
    '[list]|length',
    '{"a": list}|json',
    'not list',
  ]) {
    assert.throws(() => engine(`{{ ${expression} }}`).render('t', data().values), /await the query/, expression)
  }
  const unawaited = data()
  assert.throws(
    () => engine('\n{% for x in list %}{% endfor %}').render('t', unawaited.values),
    /t:2:13: list is a promise/,
  )
  assert.equal(unawaited.query.ran, 0)
  assert.throws(() => engine('').render('t', later({})), /What was given to render is a promise/)
  assert.throws(
    () => engine('{{ x|json }}').render('t', { x: { deep: [later(1)] } }),
    /await it before it becomes JSON/,
  )
})

test('what is awaited may fail: the error has the place, and the cause', async () => {
  const cause = new Error('no such table')
  const failing = engine('a\n{{ x.y }}').renderAsync('t', { x: new Query(() => Promise.reject(cause)) })
  await assert.rejects(
    async () => failing,
    (error) => {
      assert.ok(error instanceof TemplateError)
      assert.equal(error.message, 't:2:4: What was awaited here failed: no such table')
      assert.equal(error.cause, cause)
      return true
    },
  )
  const broken = engine('{{ a }}{{ o }}').renderAsync('t', { a: later(1), o: {} })
  await assert.rejects(async () => broken, /t:1:11: An object cannot be printed/)
})

test('what fails while something else is awaited is told when its turn comes, and ends no process', async () => {
  const unheard: unknown[] = []
  const hear = (reason: unknown) => void unheard.push(reason)
  process.on('unhandledRejection', hear)
  const slow = new Promise((resolve) => setImmediate(() => setImmediate(() => resolve('slow'))))
  const data = { slow, failed: Promise.reject(new Error('one')), list: [later('a'), Promise.reject(new Error('two'))] }
  const shown = engine('{{ slow }}{{ failed }}').renderAsync('t', data)
  await assert.rejects(async () => shown, /t:1:\d+: What was awaited here failed: one/)
  const all = engine('{{ slow }}{% for x in list %}{{ x }}{% endfor %}').renderAsync('t', data)
  await assert.rejects(async () => all, /What was awaited here failed: two/)
  await new Promise((resolve) => setImmediate(resolve))
  process.off('unhandledRejection', hear)
  assert.deepEqual(unheard, [])
})

test('renderings that wait at one time do not meet', async () => {
  const templates = engine('{% for x in list %}{{ name }}{{ x }}{% include "part" with a=name %}{% endfor %}')
  const pages = await Promise.all(
    ['a', 'b', 'c'].map((name) => templates.renderAsync('t', { name: later(name), list: [later(1), later(2)] })),
  )
  assert.deepEqual(pages, ['a1[a]a2[a]', 'b1[b]b2[b]', 'c1[c]c2[c]'])
})
