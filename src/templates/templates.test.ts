import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Clock } from '../base/clock.ts'
import { RecordingLog, silent } from '../base/events.ts'
import { SeededRandom } from '../base/random.ts'
import {
  type Loader,
  ObjectLoader,
  renderHtml,
  safe,
  TEMPLATE_LIMITS,
  TemplateError,
  type TemplateLimits,
  TemplateNotFound,
  Templates,
  type TemplatesRenderedEvent,
  type TemplatesReplacedEvent,
} from './index.ts'
import { DirectoryLoader } from './node/index.ts'

const fixedClock: Clock = {
  now: () => 5,
  stopwatch: () => 5,
  wallMillis: () => 5,
  at: () => assert.fail('templates have no timers'),
  hold: (work) => work,
}

const one = (template: string, data: object = {}, debug = false) =>
  new Templates(new ObjectLoader({ t: template }), { debug }).render('t', data)
const set = (templates: { [name: string]: string }, data: object = {}) =>
  new Templates(new ObjectLoader(templates)).render('t', data)
const fails = (work: () => unknown, message: RegExp, place?: string) =>
  assert.throws(work, (error) => {
    assert.ok(error instanceof TemplateError, String(error))
    assert.match(error.message, message)
    if (place) assert.equal(`${error.template}:${error.line}:${error.column}`, place)
    return true
  })

test('expressions', () => {
  const data = {
    a: 1,
    b: 2,
    s: 'text',
    list: [1, 2, 3],
    row: { name: 'Ada', tags: ['x'], none: null },
    f: false,
    when: new Date(0),
  }
  const values: [string, string][] = [
    ['a + b * 3 - 1', '6'],
    ['(a + b) * 3', '9'],
    ['7 // 2 ~ "|" ~ 7 % 4 ~ "|" ~ -7 % 4', '3|3|1'],
    ['1 / 4', '0.25'],
    ['-a', '-1'],
    ['"a" ~ 1 ~ none', 'a1'],
    ["'it\\'s' ~ \"\\n\"", 'it&#39;s\n'],
    ['s + "s"', 'texts'],
    ['a == 1 and b != 1', 'true'],
    ['a > 1 or b >= 2', 'true'],
    ['not a', 'false'],
    ['not not a', 'true'],
    ['a < b', 'true'],
    ['a <= "1"', 'false'],
    ['2 in list', 'true'],
    ['9 not in list', 'true'],
    ['"ex" in s', 'true'],
    ['"name" in row', 'true'],
    ['"toString" in row', 'false'],
    ['f or s', 'text'],
    ['f and s', 'false'],
    ['"yes" if a else "no"', 'yes'],
    ['"yes" if f', ''],
    ['a if f else b if f else 3', '3'],
    ['row.name', 'Ada'],
    ['row["name"]', 'Ada'],
    ['row[s[0]]', ''],
    ['list[0] ~ list[-1] ~ list.1', '132'],
    ['list.length', '3'],
    ['row.tags.0', 'x'],
    ['s.length', '4'],
    ['row.none is none', 'true'],
    ['row.nope is defined', 'false'],
    ['nope is not defined', 'true'],
    ['f is false', 'true'],
    ['none == row.nope', 'true'],
    ['[1, "a", [2]]', '1, a, […]'],
    ['{"k": {"l": 5}}.k.l', '5'],
    ['{"k": 5}["k"]', '5'],
    ['when', '1970-01-01T00:00:00.000Z'],
    ['list|length', '3'],
    ['s|upper|lower|title', 'Text'],
    ['s|default:"x"', 'text'],
    ['a if a is defined else 0', '1'],
  ]
  for (const [expression, expected] of values) assert.equal(one(`{{ ${expression} }}`, data), expected, expression)
})

test('prototypes, methods and functions cannot be reached', () => {
  class Row {
    secret = 'own'
    get shown() {
      return `got ${this.secret}`
    }
    method() {
      return 'called'
    }
  }
  const own = JSON.parse('{"__proto__": {"x": 1}, "constructor": "c", "toString": "t", "ok": 1}')
  const data = { row: new Row(), own, f: () => 1, list: [1], s: 'abc', map: new Map([['k', 'v']]) }
  assert.equal(one('{{ row.shown }} {{ row.secret }} {{ map.k }} {{ map.size }}', data), 'got own own v 1')
  for (const path of [
    'row.__proto__',
    'row.constructor',
    'row["__proto__"]',
    'row.method',
    'own.__proto__',
    'own.constructor',
    'row.toString',
    'list.map',
    'list.constructor',
    's.constructor',
    's.__proto__',
    'f.constructor',
    'f.name',
    'row.shown.constructor',
    'map.get',
    'row.__lookupGetter__',
    'list.__proto__',
  ]) {
    assert.equal(one(`[{{ ${path} }}]`, data), '[]', path)
  }
  assert.equal(one('{{ own.toString }}{{ constructor }}{{ __proto__ }}{{ toString }}', data), 't')
  fails(() => one('{{ row.method() }}', data), /Only functions given/, 't:1:14')
  fails(() => one('{{ f }}', data), /function cannot be printed/)
  fails(() => one('{{ own }}', data), /object cannot be printed/, 't:1:4')
  fails(() => one('{{ constructor() }}', data), /no function constructor/)
})

test('conditions and loops', () => {
  assert.equal(one('{% if a %}A{% elif b %}B{% else %}C{% endif %}', { a: '', b: [1] }), 'B')
  for (const empty of [0, '', null, undefined, [], {}, new Map(), new Set(), false, Number.NaN]) {
    assert.equal(one('{% if x %}yes{% else %}no{% endif %}', { x: empty }), 'no')
  }
  assert.equal(
    one('{% for x in xs %}{{ loop.index }}/{{ loop.length }}{{ x }}{% if not loop.last %}, {% endif %}{% endfor %}', {
      xs: new Set(['a', 'b']),
    }),
    '1/2a, 2/2b',
  )
  assert.equal(one('{% for x in xs %}{{ x }}{% else %}none{% endfor %}', { xs: [] }), 'none')
  assert.equal(one('{% for x in xs %}{{ x }}{% empty %}none{% endfor %}', { xs: null }), 'none')
  assert.equal(
    one('{% for k, v in o %}{{ k }}={{ v }};{% endfor %}{% for k in o %}{{ k }}{% endfor %}', { o: { a: 1, b: 2 } }),
    'a=1;b=2;ab',
  )
  assert.equal(one('{% for a, b in [[1, 2], [3, 4]] %}{{ a + b }} {% endfor %}'), '3 7 ')
  assert.equal(
    one('{% for i in range(2) %}{% for j in range(1, 3) %}{{ loop.parent.index0 }}{{ j }} {% endfor %}{% endfor %}'),
    '01 02 11 12 ',
  )
  assert.equal(one('{% set n = 1 %}{% for x in [1, 2] %}{% set n = n + x %}{{ n }}{% endfor %}{{ n }}'), '231')
  assert.equal(one('{% with a=1 b=2 %}{{ a + b }}{% endwith %}{{ a }}', { a: 9 }), '39')
  fails(() => one('{% for x in 5 %}{% endfor %}'), /takes a list, a map or an object, not a number/)
  fails(() => one('{{ range(20000) }}'), /at most 10000/)
})

test('inheritance', () => {
  const templates = {
    base: '<h>{% block title %}Base{% endblock %}</h>{% block body %}{% block inner %}i{% endblock inner %}{% endblock %}',
    middle: '{% extends "base" %}{% block title %}Middle, {{ super() }}{% endblock %}',
    t: '{% extends "middle" %}{# note #}{% set x = 5 %}{% block title %}{{ block.super }}, {{ x }}{% endblock %}{% block inner %}<{{ y }}>{% endblock %}',
  }
  assert.throws(() => set(templates, { y: 1 }), /name of an element/) // the block is in a text of the layout
  assert.equal(
    set({ ...templates, t: templates.t.replace('<{{ y }}>', '{{ y }}') }, { y: '<' }),
    '<h>Middle, Base, 5</h>&lt;',
  )
  assert.equal(
    set(
      { b: '<p title="{% block a %}{% endblock %}">', t: '{% extends "b" %}{% block a %}{{ x }}{% endblock %}' },
      { x: '"' },
    ),
    '<p title="&#34;">',
  )
  fails(() => set({ b: '', t: '{% extends "b" %}\ntext' }), /never shown/, 't:2:1')
  fails(() => set({ b: '', t: '{% extends "b" %}{% block x %}{% endblock %}' }), /b has no block x/)
  fails(() => set({ b: '{% extends "t" %}', t: '{% extends "b" %}' }), /circle/)
  fails(() => one('{{ super() }}'), /inside a block/)
  fails(() => one('{% block a %}{{ super() }}{% endblock %}'), /nothing to be super/)
  fails(() => one('{% block a %}{% endblock %}{% block a %}{% endblock %}'), /another block a/)
  fails(
    () =>
      set({
        b: '{% block a %}{% block b %}{% endblock %}{% endblock %}',
        t: '{% extends "b" %}{% block b %}{% block a %}{{ super() }}{% endblock %}{% endblock %}',
      }),
    /contains itself/,
  )
})

test('includes and macros', () => {
  const part = '[{{ a }}{{ b }}]'
  assert.equal(
    set(
      { part, t: '{% include "part" %}{% include "part" with b=3 %}{% include "part" with b=4 only %}{{ b }}' },
      { a: 1, b: 2 },
    ),
    '[12][13][4]2',
  )
  assert.equal(
    set(
      { part: '{{ a }}', t: '<p title="{% include "part" %}"><script>x = {% include "part" %}</script>' },
      { a: '"' },
    ),
    '<p title="&#34;"><script>x = "\\""</script>',
  )
  assert.equal(set({ 'x/1': 'one', t: '{% include "x/" ~ n %}' }, { n: 1 }), 'one')
  const tree =
    '<li>{{ node.name }}{% if node.sub %}<ul>{% for node in node.sub %}{% include "tree" %}{% endfor %}</ul>{% endif %}'
  assert.equal(
    set(
      { tree, t: '{% include "tree" %}' },
      { node: { name: 1, sub: [{ name: 2 }, { name: 3, sub: [{ name: 4 }] }] } },
    ),
    '<li>1<ul><li>2<li>3<ul><li>4</ul></ul>',
  )
  assert.throws(() => set({ t: '{% include "none" %}' }), /t:1:4: No template "none"/)
  fails(() => set({ t: 'x{% include "t" %}' }), /deeper than 50/)
  fails(() => set({ t: '<p {% include "t" %}' }), /must end in the HTML context|ambiguous|ends inside/)
  fails(() => set({ part: '<p title="', t: '{% include n %}' }, { n: 'part' }), /ends inside the value of title/)
  assert.equal(
    one('{% macro m(a, b="B") %}<i>{{ a }}{{ b }}</i>{% endmacro %}{{ m("<") }}{{ m(b=1, a=2) }}'),
    '<i>&lt;B</i><i>21</i>',
  )
  assert.equal(one('{% macro m(n) %}{{ n }}{% if n %}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(3) }}'), '3210')
  fails(() => one('{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}'), /deeper than 50/)
  fails(() => one('{% macro m() %}<p {% endmacro %}'), /ends inside the tag/)
  fails(() => one('{% macro m(a) %}{% endmacro %}{{ m(1, 2) }}'), /at most 1 arguments/)
})

test('white space, comments, raw text', () => {
  assert.equal(one('a \n {%- if 1 -%} \n b \n {%- endif -%} c {{- 1 -}} d'), 'abc1d')
  assert.equal(one('a{# {{ x }} {% if %} #}b {#- x -#} c'), 'abc')
  assert.equal(
    one('{% raw %}{{ x }}{% if %}{# #}{% endraw %}{% verbatim %}{{ y }}{% endverbatim %}'),
    '{{ x }}{% if %}{# #}{{ y }}',
  )
  assert.equal(one('{ {x} {{ "}}" }}{{ "%}" }}'), '{ {x} }}%}')
  assert.equal(one('{{ {"a": {"b": 1}}.a.b}}'), '1')
})

test('mistakes have a place', () => {
  const mistakes: [string, RegExp, string?][] = [
    ['a\n{{ x', /\{\{ is not closed/, 't:2:1'],
    ['{% if x', /is not closed/],
    ['{# x', /is not closed/],
    ['{% raw %}', /endraw/],
    ['{% if x %}', /endif .* is missing/, 't:1:4'],
    ['{% for x in y %}', /endfor/],
    ['{% endif %}', /has no tag/, 't:1:4'],
    ['{% else %}', /has no tag/],
    ['{% if x %}{% else %}{% elif y %}{% endif %}', /has no tag/],
    ['{% nope %}', /no tag nope/],
    ['{% csrf_token %}', /write \{\{ csrf \}\}/],
    ['{{ }}', /expression is missing/, 't:1:4'],
    ['{{ a b }}', /b is too much/, 't:1:6'],
    ['{{ a | }}', /name of a filter/],
    ['{{ a|nope }}', /no filter nope/, 't:1:6'],
    ['{{ "a }}', /is not closed/],
    ['{{ a[1 }}', /\] is expected/],
    ['{{ f(a b) }}', /, is expected/],
    ['{{ f(a=1, b) }}', /come before/],
    ['{{ a & b }}', /"&" has no meaning/, 't:1:6'],
    ['{{ a is odd }}', /no test odd/],
    ['{{ {a: 1} }}', /key is expected in quotes/],
    ['{% for in x %}{% endfor %}', /in is expected/],
    ['{% set x %}', /= is expected/],
    ['{% block %}', /name of a block/],
    ['{% block a %}{% endblock b %}', /closes the block a/],
    ['{% with %}{% endwith %}', /names nothing/],
    ['{% extends x %}', /in quotes/],
    ['{% if 1 %}{% extends "x" %}{% endif %}', /outside all other tags/],
    ['{{ if }}', /not a beginning/],
    [`${'{% if 1 %}'.repeat(101)}`, /deeper than 100/],
    [`{{ ${'('.repeat(101)}1`.concat(' }}'), /deeper than 100/],
    [`{{ 1${'+1'.repeat(1000)} }}`, /More than 2000 words/],
    ['x'.repeat(1_000_001), /longer than 1000000/],
    [
      `<p ${Array.from({ length: 40 }, (_, i) => `{% for x in y %} a${i}`).join('')}${'{% endfor %}'.repeat(40)}>`,
      /more than 100000 parts/,
    ],
  ]
  for (const [template, message, place] of mistakes) fails(() => one(template), message, place)
  try {
    one('line one\n  {{ wrong ? }}\nline three')
    assert.fail()
  } catch (error) {
    assert.equal(
      (error as TemplateError).excerpt,
      '1 | line one\n2 |   {{ wrong ? }}\n  |            ^\n3 | line three',
    )
  }
})

test('while developing, a name that does not exist is an error with a suggestion', () => {
  const data = { post: { title: 'T', author: null }, posts: [] }
  fails(() => one('a\n{{ pots }}', data, true), /no variable pots: did you mean post/, 't:2:4')
  fails(() => one('{{ nothing_like_it }}', data, true), /there are post, posts/)
  fails(() => one('{{ post.autor.name }}', data, true), /undefined; if it is a relation/, 't:1:14')
  assert.equal(
    one(
      '{{ post.author.name }}{{ post.nope }}{% if nope %}{% endif %}{{ nope|default("d") }}{{ nope or 1 }}',
      data,
      true,
    ),
    'd1',
  )
  assert.equal(one('{{ nope.x.y }}', data), '')
})

test('globals, filters and objects that render themselves', () => {
  const field = { label: 'L', [renderHtml]: () => safe('<input>') }
  const templates = new Templates(
    new ObjectLoader({
      t: '{{ url("show", slug="a b") }} {{ 2|times(3) }} {{ field }} {{ field.label }} {{ n }}{{ data }}',
      bad: '\n{{ 1|boom }}',
    }),
    {
      globals: { url: (name: string, named: { slug: string }) => `/${name}/${named.slug}`, n: 1, data: 2 },
      filters: {
        times: (a: number, b: number) => a * b,
        boom: () => {
          throw new RangeError('bang')
        },
      },
    },
  )
  class Data {
    get data() {
      return 'getter'
    }
    field = field
  }
  assert.equal(templates.render('t', new Data()), '/show/a b 6 <input> L 1getter')
  fails(() => templates.render('bad'), /boom: bang/, 'bad:2:6')
  templates.global('n', 7)
  assert.match(templates.render('t', { field }), / 72$/)
})

test('templates come from a folder and nowhere else', () => {
  const folder = mkdtempSync(join(tmpdir(), 'reticle-'))
  try {
    mkdirSync(join(folder, 'site/posts'), { recursive: true })
    mkdirSync(join(folder, 'app'))
    writeFileSync(join(folder, 'secret.html'), 'secret')
    writeFileSync(join(folder, 'site/posts/show.html'), '\ufeffshow {{ x }}')
    writeFileSync(join(folder, 'site/.env'), 'secret')
    writeFileSync(join(folder, 'app/only.html'), 'only')
    writeFileSync(join(folder, 'app/base.html'), 'one')
    symlinkSync(join(folder, 'secret.html'), join(folder, 'site/link.html'))
    const templates = new Templates(new DirectoryLoader(join(folder, 'site'), join(folder, 'app')), { debug: true })
    assert.equal(templates.render('posts/show.html', { x: 1 }), 'show 1')
    assert.equal(templates.render('only.html'), 'only')
    for (const name of [
      '../secret.html',
      'posts/../../secret.html',
      '/etc/passwd',
      'link.html',
      '.env',
      'posts',
      '',
      'posts//show.html',
      'posts\\show.html',
      'a\0b',
      './only.html',
      'none.html',
      'x'.repeat(300),
    ]) {
      assert.throws(() => templates.render(name), TemplateNotFound, name)
      assert.equal(templates.has(name), false)
    }
    assert.equal(templates.render('base.html'), 'one')
    writeFileSync(join(folder, 'app/base.html'), 'two')
    utimesSync(join(folder, 'app/base.html'), 1, 1)
    assert.equal(templates.render('base.html'), 'two')
    const fixed = new Templates(new DirectoryLoader(join(folder, 'app')))
    assert.equal(fixed.render('base.html'), 'two')
    writeFileSync(join(folder, 'app/base.html'), 'three')
    assert.equal(fixed.render('base.html'), 'two') // outside development a template is read once
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('each limit can be set, and says so when it is crossed', () => {
  const limited = (t: string, limits: Partial<TemplateLimits>) => new Templates({ t }, { limits }).render('t')
  const crossed = (t: string, limits: Partial<TemplateLimits>, message: RegExp) => {
    fails(() => limited(t, limits), message)
    assert.throws(() => limited(t, limits), { code: 'TEMPLATE_LIMIT' })
  }
  crossed('12345678901', { source: 10 }, /longer than 10 /)
  crossed('{% if 1 %}{% if 1 %}{% endif %}{% endif %}', { nesting: 2 }, /deeper than 2/)
  crossed('{{ ((1)) }}', { expressionDepth: 2 }, /deeper than 2/)
  crossed('{{ 1 + 1 }}', { words: 2 }, /More than 2 words/)
  const recursive = '{% macro m(n) %}{% if n %}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(9) }}'
  crossed(recursive, { depth: 5 }, /deeper than 5/)
  crossed('{% include "t" %}', { depth: 5 }, /deeper than 5/)
  crossed('a{{ 1 }}b{{ 2 }}', { parts: 3 }, /more than 3 parts/)
  fails(() => limited('{{ range(4) }}', { range: 3 }), /at most 3 numbers/)
  const named = new Templates({ abc: 'x', abcd: 'x' }, { limits: { name: 3 } })
  assert.equal(named.render('abc'), 'x')
  assert.equal(named.has('abcd'), false)
  assert.throws(() => named.render('abcd'), { code: 'TEMPLATE_NOT_FOUND' })
  const dates = '{{ d|date("Y") }}{{ d|date("m", "Asia/Tokyo") }}{{ d|date("d", "Asia/Kolkata") }}{{ d|date("Y") }}'
  const few = new Templates({ t: dates }, { limits: { dateFormats: 1 } })
  for (let i = 0; i < 2; i++) assert.equal(few.render('t', { d: new Date(0) }), '197001011970')
  assert.ok(Object.isFrozen(TEMPLATE_LIMITS))
})

test('what is rendered, and what is not printed as it is, is reported to whoever watches', () => {
  const log = new RecordingLog()
  const machine = { name: 'web', clock: fixedClock, random: new SeededRandom('templates'), events: log }
  const templates = new Templates({ t: '<a href="{{ x }}">é😀' })
  const report = { machine, events: log, exchange: 7 }
  templates.render('t', { x: 'javascript:1' }, { report })
  const [replaced, rendered] = log.events as [TemplatesReplacedEvent, TemplatesRenderedEvent]
  const { why, ...place } = replaced
  assert.match(why, /javascript:/)
  const instead = 'about:invalid#blocked'
  const at = { at: 5, host: 'web', exchange: 7, template: 't' }
  assert.deepEqual(place, { type: 'templates.replaced', ...at, line: 1, column: 13, instead })
  assert.deepEqual(rendered, { type: 'templates.rendered', ...at, duration: 0, bytes: 38 })
  templates.render('t', { x: 'javascript:1' }, { report: { ...report, events: silent } })
  assert.equal(log.events.length, 2)
})

test('a template may include itself inside a script', () => {
  const tree =
    '{"n": {{ node.n }}, "of": [{% for node in node.of %}{% include "tree" %}{% if not loop.last %}, {% endif %}{% endfor %}]}'
  const node = {
    n: 1,
    of: [
      { n: '"/', of: [] },
      { n: 3, of: [{ n: 4, of: [] }] },
    ],
  }
  const templates = new Templates({ tree, t: '<script>var a = {% include "tree" %}; b / "{{ node.n }}"</script>' })
  const script = templates.render('t', { node }).slice('<script>var a = '.length, -'; b / "1"</script>'.length)
  assert.deepEqual(JSON.parse(script), node)
  fails(() => set({ t: '<svg><g>{% include "t" %}' }), /deeper than 50, each time in another/)
})

test('big integers keep their digits', () => {
  const data = { n: 9007199254740993n, z: 0n }
  const cases: [string, string][] = [
    ['n + 1', '9007199254740994'],
    ['n * 2', '18014398509481986'],
    ['(0 - n) // 2', '-4503599627370497'],
    ['(0 - n) % 10', '7'],
    ['-n', '-9007199254740993'],
    ['n > 1', 'true'],
    ['n == 9007199254740992', 'false'],
    ['z == 0', 'true'],
    ['1 in [z + 1]', 'true'],
  ]
  for (const [expression, printed] of cases) {
    assert.equal(one(`{{ ${expression} }}`, data), printed, expression)
  }
  fails(() => one('{{ n + 0.5 }}', data), /both must be whole/, 't:1:6')
  fails(() => one('{{ n % 0 }}', data), /zero/)
})

test('compiled templates are kept up to a limit', () => {
  let reads = 0
  const loader: Loader = {
    where: 'here',
    version: () => 'v',
    load: (name) => ({ text: name, version: String(reads++) }),
  }
  const templates = new Templates(loader, { limits: { units: 3 } })
  for (const name of ['a', 'b', 'c', 'a', 'd', 'a']) assert.equal(templates.render(name), name)
  assert.equal(reads, 5) // d took the place of the others
})

test('templates are compiled once', () => {
  let reads = 0
  const loader: Loader = {
    where: 'here',
    version: () => 'v',
    load: () => {
      reads++
      return { text: '{{ x }}', version: 'v' }
    },
  }
  const templates = new Templates(loader)
  assert.equal(templates.render('t', { x: 1 }) + templates.render('t', { x: 2 }), '12')
  assert.equal(reads, 1)
})

test('a call that cannot be meant is an error of the program, which says what is taken', () => {
  const templates = new Templates({ t: '{{ a }}' })
  const refused = (call: () => unknown, message: RegExp) =>
    assert.throws(call, { name: 'TemplateUsageError', code: 'TEMPLATE_USAGE', message })
  refused(() => new Templates(undefined as never), /takes a loader or an object of templates by name, not undefined/)
  refused(() => new Templates('views' as never), /not "views"/)
  refused(() => templates.render(undefined as never), /takes the name of a template, not undefined/)
  refused(() => templates.render('t', null as never), /render\('t'\) takes an object .*, not null/)
  refused(() => templates.renderAsync('t', 'abc' as never), /not "abc"/)
  const mistaken = new Templates({ t: '{{ a|uper }}', u: '{{ a|entirelyNew }}' })
  assert.throws(() => mistaken.render('t'), /There is no filter uper: did you mean upper\?/)
  assert.throws(() => mistaken.render('u'), /There is no filter entirelyNew$/)
})
