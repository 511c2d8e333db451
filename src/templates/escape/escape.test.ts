/** Whatever the data are: the page keeps its structure, and each value arrives as itself. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { ObjectLoader, safe, TemplateError, Templates } from '../index.ts'
import { CONTEXTS } from '../trial/contexts.ts'
import { readHtml, structure } from '../trial/reading.ts'

const render = (template: string, data: object = {}) =>
  new Templates(new ObjectLoader({ t: template })).render('t', data)

/** Strings made of what breaks out of something, somewhere. */
const DANGEROUS = [
  ...`<>"'&=\`/\\-!?#:;%(){}[]$*,. \t\n\r\f\0\u2028\u2029`,
  '</script>',
  '<!--',
  '-->',
  '--!>',
  '<script>',
  '</style>',
  '</textarea>',
  '</title>',
  ']]>',
  'javascript:',
  'JaVa\tScRiPt:',
  'data:text/html,',
  'vbscript:',
  '&quot;',
  '&#34;',
  '&colon;',
  'onload=',
  'expression(',
  'url(',
  '@import',
  '*/',
  '//',
  '${',
  '\\u0022',
  'http://x/',
  '//evil',
  'é',
  '😀',
  '\ud800',
  'x',
]
const nasty = fc.oneof(
  fc.array(fc.constantFrom(...DANGEROUS), { maxLength: 8 }).map((parts) => parts.join('')),
  fc.string({ unit: 'binary', maxLength: 20 }),
)
const check = (property: (text: string) => void, numRuns = 400) => {
  for (const text of DANGEROUS) property(text)
  property('')
  fc.assert(fc.property(nasty, property), { numRuns })
}

for (const [context, template] of Object.entries(CONTEXTS)) {
  test(`structure: ${context}`, () => {
    const templates = new Templates(new ObjectLoader({ t: template }))
    const nameless = (html: string) =>
      structure(html)
        .replace(/ data-[^ >]*/g, ' data-')
        .replace(/<input[^>]*>/, '<input>')
    const expected = nameless(templates.render('t', { x: 'harmless' }))
    check((x) => assert.equal(nameless(templates.render('t', { x })), expected, JSON.stringify(x)), 200)
  })
}

/** The first element's attribute, decoded. */
const attribute = (html: string, name: string) => {
  for (const piece of readHtml(html)) {
    if ('tag' in piece) return piece.tag.attributes.find(([key]) => key === name)?.[1] ?? ''
  }
  return ''
}
const visible = (text: string) => text.replaceAll('\0', '\ufffd')

test('text and attributes arrive as they are', () => {
  const templates = new Templates(
    new ObjectLoader({
      a: '<p title="{{ x }}">',
      u: '<p title={{ x }}>',
      s: '<p title=a{{ x }}>',
      t: '<textarea>{{ x }}</textarea>',
    }),
  )
  check((x) => {
    assert.equal(attribute(templates.render('a', { x }), 'title'), visible(x))
    assert.equal(attribute(templates.render('u', { x }), 'title'), visible(x))
    assert.equal(attribute(templates.render('s', { x }), 'title'), `a${visible(x)}`)
    assert.deepEqual(readHtml(templates.render('t', { x }))[1], { text: visible(x) })
  })
})

test('scripts get the value itself', () => {
  const templates = new Templates(
    new ObjectLoader({
      v: '<script>a = {{ x }}; b = 1 -{{ n }}/ 1; c = typeof{{ x }}</script>',
      s: `<script>a = "{{ x }}"; b = '{{ x }}'; c = \`{{ x }}\`</script>`,
      h: `<p onclick="a = {{ x }}; b = '{{ x }}'">`,
    }),
  )
  const run = (code: string) => runInNewContext(`var a, b, c; ${code}; JSON.stringify([a, b, c])`, {})
  const script = (html: string) => (readHtml(html)[1] as { text: string }).text
  check((x) => {
    assert.equal(run(script(templates.render('v', { x, n: -2 }))), JSON.stringify([x, 3, 'string']))
    assert.equal(run(script(templates.render('s', { x }))), JSON.stringify([x, x, x]))
    const handler = attribute(templates.render('h', { x }), 'onclick')
    assert.equal(run(handler), JSON.stringify([visible(x) === x ? x : x, x, null]))
  }, 200)
  const evaluated = (x: unknown) => JSON.parse(run(script(templates.render('v', { x, n: 1 }))))[0]
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 3 }), (x) => assert.deepEqual(evaluated(x), JSON.parse(JSON.stringify(x)))),
    { numRuns: 200 },
  )
})

test('a key __proto__ stays a key: in a script computed, in JSON as it is', () => {
  const hidden = { '"__proto__":': '"__proto__":', '\\': '\\"' }
  const x = [JSON.parse('{"__proto__":null}'), JSON.parse('{"b":{"__proto__":{"c":1}}}'), hidden]
  const evaluated = (template: string) => {
    const html = readHtml(render(template, { x }))
    return runInNewContext(`JSON.stringify(${(html[1] as { text: string }).text})`, {})
  }
  assert.equal(evaluated('<script>{{ x }}</script>'), JSON.stringify(x))
  assert.equal(evaluated('<script>{{ x|json }}</script>'), JSON.stringify(x))
  const handler = attribute(render('<p onclick="a = {{ x }}">', { x }), 'onclick')
  assert.equal(runInNewContext(`var a; ${handler}; JSON.stringify(a)`, {}), JSON.stringify(x))
  const data = readHtml(render('<script type="application/json">{{ x }}</script>', { x }))
  assert.equal(JSON.stringify(JSON.parse((data[1] as { text: string }).text)), JSON.stringify(x))
})

test('a URL keeps to schemes that run nothing, and a query to its value', () => {
  const templates = new Templates(
    new ObjectLoader({
      u: '<a href="{{ x }}{{ y }}">',
      p: '<a href="/a/{{ x }}">',
      q: '<a href="/a?q={{ x }}&amp;b=1">',
      n: '<a href={{ x }}>',
      j: '<a href="java{{ x }}">',
    }),
  )
  const page = 'https://site.example/dir/'
  const protocol = (html: string) => {
    const href = attribute(html, 'href')
    return URL.canParse(href, page) ? new URL(href, page).protocol : 'none'
  }
  check((x) => {
    for (const y of ['', ':alert(1)', 'script:alert(1)']) {
      assert.doesNotMatch(protocol(templates.render('u', { x, y })), /^(javascript|data|vbscript):$/, x)
    }
    for (const name of ['n', 'j'])
      assert.doesNotMatch(protocol(templates.render(name, { x })), /^(javascript|data|vbscript):$/)
    assert.equal(new URL(attribute(templates.render('q', { x }), 'href'), page).searchParams.get('q'), x.toWellFormed())
    assert.equal(new URL(attribute(templates.render('q', { x }), 'href'), page).searchParams.get('b'), '1')
  })
  const href = (x: unknown) => attribute(templates.render('u', { x, y: '' }), 'href')
  assert.equal(href('/a b?c=d&e=%20#f'), '/a%20b?c=d&e=%20#f')
  assert.equal(href('https://x.example/ü'), 'https://x.example/%C3%BC')
  assert.equal(href('mailto:a@b.de'), 'mailto:a@b.de')
  assert.equal(href(' java\nscript:alert(1)'), 'about:invalid#blocked')
  assert.equal(href('a/b:c'), 'a/b:c')
  assert.equal(render('<a href="?{{ q|urlencode }}">', { q: { a: 'b c', d: '&' } }), '<a href="?a=b%20c&amp;d=%26">')
  assert.equal(render('<a href="?a={{ q|urlencode }}">', { q: 'b&c' }), '<a href="?a=b%26c">')
})

test('a style gets plain values and strings, nothing else', () => {
  const style = (x: unknown) => render('<p style="width: {{ x }}">', { x })
  assert.equal(style('10px'), '<p style="width: 10px">')
  assert.equal(style('#fff'), '<p style="width: #fff">')
  assert.equal(style(-1.5), '<p style="width: -1.5">')
  for (const bad of ['1; color: red', 'url(x)', 'expression(1)', '}', '\\75rl', '/*', '-->', '@import', '"']) {
    assert.equal(style(bad), '<p style="width: unset">', bad)
  }
  assert.equal(
    render('<style>a { content: "{{ x }}" }</style>', { x: '"</style>' }),
    '<style>a { content: "\\22 \\3c \\2f style\\3e " }</style>',
  )
})

test('what is marked as safe is HTML between tags only', () => {
  const x = safe('<b title="t">&amp;</b>')
  assert.equal(render('<p>{{ x }}</p>', { x }), '<p><b title="t">&amp;</b></p>')
  assert.equal(render('{{ x|safe }}', { x: '<i>' }), '<i>')
  assert.equal(render('<p title="{{ x }}">', { x }), '<p title="&lt;b title=&#34;t&#34;&gt;&amp;&lt;/b&gt;">')
  assert.equal(render('<a href="{{ x }}">', { x: safe('javascript:1') }), '<a href="about:invalid#blocked">')
  assert.equal(
    render('<script>x = {{ x }}</script>', { x: safe('</script>') }),
    '<script>x = "\\u003c/script\\u003e"</script>',
  )
  assert.equal(render('<input {{ x }}>', { x: safe('a="b"') }), '<input a="b">')
  assert.equal(render('{{ x|escape|safe }}{{ x ~ "" }}', { x: '<' }), '&lt;&lt;')
})

test('attribute names that mean something are not values', () => {
  const input = (x: unknown) => render('<input {{ x }}>', { x })
  assert.equal(input('checked'), '<input checked>')
  for (const bad of ['onclick', 'href', 'style', 'a=b', 'a b', 'a>', '"', '', 'srcdoc', 'type'])
    assert.equal(input(bad), '<input >', bad)
})

/** Templates whose outputs have no safe place, with a word of the message. */
const REFUSED: readonly (readonly [template: string, message: RegExp, line: number, column: number])[] = [
  ['<{{ x }}>', /name of an element/, 1, 5],
  ['<p{{ x }}>', /name of an element/, 1, 6],
  ['</p {{ x }}>', /no attributes/, 1, 8],
  ['<p on{{ x }}="1">', /rest of a name/, 1, 9],
  ['<p {{ x }}="1">', /White space is missing/, 1, 11],
  ['<p {{ x }} ="1">', /not known to which/, 1, 12],
  ['<p title="a"{{ x }}{{ x }}>', /White space/, 1, 23],
  ['<a href="javascript:f({{ x }})">', /javascript: or data:/, 1, 26],
  ['<a href="&#106;avascript&colon;f({{ x }})">', /javascript: or data:/, 1, 37],
  ['<a href="{{ x }}:{{ y }}">', /scheme of a URL/, 1, 17],
  ['<a href="{% if a %}?{% else %}/{% endif %}{{ x }}">', /query/, 1, 46],
  ['<script>a = /b{{ x }}/</script>', /regular expression/, 1, 18],
  ['<script>// {{ x }}\n</script>', /comment/, 1, 15],
  ['<script>/* {{ x }} */</script>', /comment/, 1, 15],
  ['<script>a = "\\{{ x }}"</script>', /space between/, 1, 18],
  ['<script>a <{{ x }}</script>', /space between/, 1, 15],
  ['<script><!-- </script>', /changes where it ends/, 1, 10],
  ['<script type="text/x-template">{{ x }}</script>', /language of this script/, 1, 35],
  ['<script type="{{ t }}">{{ x }}</script>', /language of this script/, 1, 27],
  ['<script/>{{ x }}', /not closed in HTML/, 1, 9],
  ['<script>x = {} / {{ x }}</script>', /divides or begins/, 1, 17],
  ['<script>a {% if a %}+{% endif %} / {{ x }}</script>', /divides or begins/, 1, 35],
  ['<style>a { background: url({{ x }}) }</style>', /address in a style/, 1, 31],
  ['<style>@import "{{ x }}";</style>', /address in a style/, 1, 20],
  ['<style>/* {{ x }} */</style>', /comment/, 1, 14],
  ['<!doctype {{ x }}>', /declaration/, 1, 14],
  ['<!-- --{{ x }} -->', /space between/, 1, 11],
  ['<textarea></{{ x }}</textarea>', /space between/, 1, 16],
  ['{% if a %}<p title="{% endif %}\n{{ x }}', /ambiguous/, 1, 4],
  ['\n{% for a in b %}<b title="{% endfor %}', /ambiguous/, 2, 4],
  ['{% if a %}<script>{% else %}\n<p>{% endif %}', /ambiguous/, 1, 22],
  ['<p title="{{ x }}', /ends inside the value of title/, 1, 18],
  ['<p {{ x }}', /ends inside the tag/, 1, 11],
]

test('an output without a safe place is an error with the place', () => {
  for (const [template, message, line, column] of REFUSED) {
    assert.throws(
      () => render(template, {}),
      (error) => {
        assert.ok(error instanceof TemplateError, template)
        assert.match(error.message, message, template)
        assert.deepEqual([error.line, error.column], [line, column], `${template}\n${error.excerpt}`)
        return true
      },
      template,
    )
  }
})

test('regular expressions are told from divisions', () => {
  const script = (code: string) => render(`<script>${code}</script>`, { x: 'v' }).slice(8, -9)
  const quoted = '"v"'
  assert.equal(script('if (a) /"/.test(b); c = {{ x }}'), `if (a) /"/.test(b); c = ${quoted}`)
  assert.equal(script('while (f(a)) /"/.test(b); c = {{ x }}'), `while (f(a)) /"/.test(b); c = ${quoted}`)
  assert.equal(script('a = (b) / 2 + "{{ x }}" / c'), 'a = (b) / 2 + "v" / c')
  assert.equal(script('a = b[1] / 2 + /"/.source; c = {{ x }}'), `a = b[1] / 2 + /"/.source; c = ${quoted}`)
  assert.equal(script('return /[/"]/; c = {{ x }}'), `return /[/"]/; c = ${quoted}`)
  assert.equal(script('a++ / 2; b = "{{ x }}"'), 'a++ / 2; b = "v"')
  assert.equal(script('f({a: 1}) // "\n/* " */ c = {{ x }}'), `f({a: 1}) // "\n/* " */ c = ${quoted}`)
})

test('branches may differ inside a tag, and a value in what it says', () => {
  const t = '<option value="{{ v }}"{% if s %} selected{% endif %}{% for c in cs %} data-{{ c }}="1"{% endfor %}>'
  assert.equal(render(t, { v: 1, s: true, cs: ['a', 'b'] }), '<option value="1" selected data-a="1" data-b="1">')
  assert.equal(render('<li{% if a %} class="a"{% endif %}>', { a: 1 }), '<li class="a">')
  assert.equal(render('<li class="a{% if a %} b{% else %} {{ c }}{% endif %}">', { c: '"' }), '<li class="a &#34;">')
  assert.equal(
    render('<script>{% for x in xs %}f({{ x }});{% endfor %} a / b</script>', { xs: [1, 2] }),
    '<script>f( 1 );f( 2 ); a / b</script>',
  )
})
