/** Whatever the data are: the page keeps its structure, and each value arrives as itself. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import {
  ObjectLoader,
  type Replacement,
  safe,
  safeCss,
  safeScript,
  safeSrcset,
  safeUrl,
  TemplateError,
  Templates,
} from '../index.ts'
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
  ['<a href="javascript:f({{ x }})">', /a program or a document/, 1, 26],
  ['<a href="&#106;avascript&colon;f({{ x }})">', /a program or a document/, 1, 37],
  ['<a href="{{ x }}:{{ y }}">', /scheme of an address/, 1, 17],
  ['<a href="{% if a %}?{% else %}/{% endif %}{{ x }}">', /query/, 1, 46],
  ['<script>a = /b{{ x }}/</script>', /regular expression/, 1, 18],
  ['<script>// {{ x }}\n</script>', /comment/, 1, 15],
  ['<script>/* {{ x }} */</script>', /comment/, 1, 15],
  ['<script>a = "\\{{ x }}"</script>', /space between/, 1, 18],
  ['<script>a <{{ x }}</script>', /space between/, 1, 15],
  ['<script><!-- </script>', /changes where the script ends/, 1, 12],
  ['<script type="text/x-template">{{ x }}</script>', /not known what language/, 1, 35],
  ['<script type="{{ t }}">{{ x }}</script>', /not known what language/, 1, 27],
  ['<script/>{{ x }}', /not closed in HTML/, 1, 9],
  ['<script>x = {} / {{ x }}</script>', /divides or begins/, 1, 17],
  ['<script>a {% if a %}+{% endif %} / {{ x }}</script>', /divides or begins/, 1, 35],
  ['<style>@import "{{ x }}";</style>', /address of a style/, 1, 20],
  ['<style>@import url({{ x }});</style>', /address of a style/, 1, 23],
  ['<style>/* {{ x }} */</style>', /comment/, 1, 14],
  ['<!doctype {{ x }}>', /declaration/, 1, 14],
  ['<!-- --{{ x }} -->', /space between/, 1, 11],
  ['<iframe srcdoc="<img src={{ x }}>"></iframe>', /Put quotes around the value/, 1, 29],
  ['<iframe srcdoc="<p title=\'"></iframe>', /ends inside the value of title/, 1, 27],
  ['<script>\n--> 5" pipe\nvar a = "{{ x }}"</script>', /--> at the start of a line/, 2, 3],
  ['<script>/* c */ --> "\na = "{{ x }}"</script>', /--> at the start of a line/, 1, 19],
  ['<script>#! 5" pipe\nvar a = "{{ x }}"</script>', /#! at the start/, 1, 10],
  ['<p onclick=\'<!-- "\n a = "{{ x }}"\'>', /<!-- begins a comment/, 1, 16],
  ['<p onclick="&lt;!-- a = {{ x }}">', /<!-- begins a comment/, 1, 19],
  ['<script>var a = "</script>', /string is not closed where the script ends/, 1, 26],
  ['<script>a = "{{ x }}\n"</script>', /not closed on its line/, 1, 21],
  ['<script>a = /"\n/; b = "{{ x }}"</script>', /not closed on its line/, 1, 15],
  ['<script>a = b) / "{{ x }}"</script>', /closes nothing/, 1, 14],
  ['<script>\\u0069n / "{{ x }}"</script>', /could be any word/, 1, 9],
  ['<script>var a{{ x }} = 1</script>', /part of a name/, 1, 17],
  ['<script>var {{ x }} = 1</script>', /behind var/, 1, 16],
  ['<script>a = {{ x }}px</script>', /without a space/, 1, 20],
  ['<script>a = b {{ x }}</script>', /directly behind another/, 1, 18],
  ['<script>a = {{ x }}{{ x }}</script>', /Two values/, 1, 23],
  ['<script>a.{{ x }}()</script>', /name of a property/, 1, 14],
  ['<script>a = b`{{ x }}`</script>', /What a tag makes/, 1, 18],
  ['<script>import a from "{{ x }}"</script>', /address of a module/, 1, 27],
  ['<script>import("/a/" + {{ x }})</script>', /address of a module/, 1, 27],
  ['<script>export * from {{ x }}</script>', /behind from/, 1, 26],
  ['<script>of = 1; for (var a of of / 2 + "{{ x }}") ;</script>', /divides or begins/, 1, 35],
  ['<script>await /"/ / 2 + "{{ x }}"</script>', /divides or begins/, 1, 16],
  ['<script>import a from "b"\n/"/; c = "{{ x }}"</script>', /divides or begins/, 2, 2],
  ['<script type="application/json">{"a": {{ x }}{{ x }}}</script>', /directly behind another/, 1, 49],
  ['<script type="text/template">{{ x }}</script>', /not known what language/, 1, 33],
  ['<xmp>{{ x }}</xmp>', /no character references/, 1, 9],
  ['<plaintext>{{ x }}', /has no end/, 1, 11],
  ['<svg><style>p { color: {{ x }} }</style></svg>', /inside <svg> or <math>/, 1, 27],
  ['<svg><script>var a = {{ x }}</script></svg>', /inside <svg> or <math>/, 1, 25],
  ['<svg><p>{{ x }}</p></svg>', /<p> ends the <svg>/, 1, 8],
  ['<div><svg></div>{{ x }}', /closes no element inside the <svg>/, 1, 16],
  ['<svg><![CDATA[ {{ x }} ]]></svg>', /CDATA/, 1, 19],
  ['<svg><title>{{ x }}', /ends inside <svg>/, 1, 20],
  ['<select><style>p { color: {{ x }} }</style></select>', /inside <select>/, 1, 15],
  ['<template><col><style>p { color: {{ x }} }</style></template>', /<colgroup>/, 1, 15],
  ['<frameset><style>p { color: {{ x }} }</style>', /frames/, 1, 10],
  ['<noscript><p title="</noscript>{{ x }}">', /browsers that run scripts/, 1, 30],
  ['<math><annotation-xml encoding="{{ x }}"><p>', /encoding/, 1, 41],
  ['<svg><set to="{{ x }}" attributeName="href"/></svg>', /Write attributeName before/, 1, 38],
  ['<svg><set attributeName="{{ y }}" to="{{ x }}"/></svg>', /not known what language/, 1, 42],
  ['<meta content="{{ x }}" http-equiv="refresh">', /Write http-equiv before/, 1, 36],
  ['<meta http-equiv="{{ x }}">', /name of a field/, 1, 22],
  ['<meta charset="{{ x }}">', /charset/, 1, 19],
  ['<meta http-equiv="refresh" content="5; {{ x }}">', /write url= before/, 1, 43],
  [`<meta http-equiv="Content-Security-Policy" content="script-src {{ x }}">`, /part of a policy/, 1, 67],
  ['<p onclick="f(&alpha;{{ x }})">', /&alpha; is not known/, 1, 21],
  ['<p onclick="f(a &am{{ x }})">', /write &amp;am/, 1, 23],
  ['<style>a { b: f{{ x }}(1) }</style>', /which function/, 1, 23],
  ['<style>a { b: u\\72l("{{ x }}") }</style>', /which function/, 1, 20],
  ['<style>@im\\70ort "{{ x }}"</style>', /which rule/, 1, 12],
  ['<style>@{{ x }} { }</style>', /name of a rule/, 1, 12],
  ['<style>a { content: "b\n{{ x }}" }</style>', /not closed on its line/, 1, 23],
  ['<p hx-trigger="click[{{ x }}]" _="on click {{ x }}">', /run in a language/, 1, 25],
  ['<p x-model="{{ x }}">', /takes the name of a variable/, 1, 16],
  ['<p data-{{ x }}{{ x }}="1">', /Only the rest of a name/, 1, 19],
  ['<meta http-equiv="Content-Type" content="text/html; charset={{ x }}">', /charset of a page/, 1, 64],
  ['<script charset="{{ x }}" src="/a.js"></script>', /charset/, 1, 21],
  ['<script>a = "\\x4{{ x }}"</script>', /could become part of \\x4/, 1, 20],
  ['<p onclick=\'a = "\\u{4{{ x }}"\'>', /could become part of/, 1, 25],
  ['<script>a = "\\0{{ x }}"</script>', /could become part of \\0/, 1, 19],
  ['<script>a = `\\u00{{ x }}`</script>', /could become part of \\u00/, 1, 21],
  ['<script type="application/json">["\\u00{{ x }}"]</script>', /could become part of \\u00/, 1, 42],
  ['<script type="importmap">{"imports": {"a": "d\\u0061ta:text/javascript,{{ x }}"}}</script>', /a program/, 1, 74],
  ['<p title={% if x %}{{ x }}{% else %}b{% endif %} class=a>', /put quotes around values/, 1, 30],
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
        assert.ok(error.code === 'TEMPLATE_UNSAFE' || error.code === 'TEMPLATE_RENDER', template)
        return true
      },
      template,
    )
  }
})

/** Templates and what they print: the value's own place decides how. */
const PRINTED: readonly (readonly [template: string, value: unknown, printed: string])[] = [
  // escaped once, wherever the filter or a macro stands
  ['<textarea>{{ x|e }}</textarea>', 'Q & A', '<textarea>\nQ &amp; A</textarea>'],
  ['<title>{{ x|e }}</title>', 'Q & A', '<title>Q &amp; A</title>'],
  ['<a href="{{ x|e }}">', '/?a=1&b=2', '<a href="/?a=1&amp;b=2">'],
  ['<a href="?a={{ x|e }}">', 'Q & A', '<a href="?a=Q%20%26%20A">'],
  ['<script>a = "{{ x|e }}"; b = {{ x|e }}</script>', '<', '<script>a = "\\u003c"; b = "\\u003c"</script>'],
  ['<p style="font-family: \'{{ x|e }}\'">', '<', '<p style="font-family: \'\\3c \'">'],
  ['{{ x|e }}{{ x|e|e }}{{ x|e|safe }}{{ x|e ~ "&" }}', '<', '&lt;&lt;&lt;&lt;&amp;'],
  ['<p title="{{ x|e }}">{% set y = x|e %}<p title={{ y ~ "&" }}>', '<', '<p title="&lt;"><p title="&lt;&amp;">'],
  ['{% macro m(v) %}{{ v }}{% endmacro %}<textarea>{{ m(x) }}</textarea>', '&<', '<textarea>\n&amp;&lt;</textarea>'],
  ['{% macro m(v) %}{{ v }}{% endmacro %}<a href="?q={{ m(x) }}">', '&', '<a href="?q=%26">'],
  ['{% macro m(v) %}/p?q={{ v }}{% endmacro %}<a href="{{ m(x) }}">', '&', '<a href="/p?q=%26">'],
  [
    '{% macro m(v) %}<b>{{ v }}</b>{% endmacro %}<script>a = {{ m(x) }}</script>',
    '&',
    '<script>a = "\\u003cb\\u003e\\u0026amp;\\u003c/b\\u003e"</script>',
  ],
  [
    '{% macro m(v) %}{{ v }}{% endmacro %}<script>a = "{{ m(x) }}"</script>',
    '"&',
    '<script>a = "\\u0022\\u0026"</script>',
  ],
  [
    '{% macro m(v) %}{{ v }}{% endmacro %}{% set y = m(x) %}<a href="{{ y }}">',
    '/?a=1&b=2',
    '<a href="/?a=1&amp;b=2">',
  ],
  ['<script>a = {{ x|tojson|safe }}</script>', ['<'], '<script>a = ["\\u003c"]</script>'],
  // a filter for one place in another one
  ['<script>var a = {{ x|urlencode }};</script>', ');f(', '<script>var a = ")%3Bf(";</script>'],
  ['<p onclick="f({{ x|urlencode }})">', "'", '<p onclick="f(&#34;\\u0027&#34;)">'],
  ['<script>a = "{{ x|json }}"</script>', { a: 1 }, '<script>a = "\\u007b\\u0022a\\u0022\\u003a1\\u007d"</script>'],
  ['<p title="{{ x|urlencode }}">{{ x|urlencode }}', 'a b"', '<p title="a%20b%22">a%20b%22'],
  // JSON is JSON
  [
    '<script type="application/ld+json">{"headline": "{{ x }}"}</script>',
    'My "post"',
    '<script type="application/ld+json">{"headline": "My \\"post\\""}</script>',
  ],
  [
    '<script type="application/json">["{{ x }}"]</script>',
    ',[1],',
    '<script type="application/json">[",[1],"]</script>',
  ],
  [
    '<script type="speculationrules">{"a": {{ x }}}</script>',
    '</script>',
    '<script type="speculationrules">{"a": "\\u003c/script\\u003e"}</script>',
  ],
  [
    '<script type="importmap">{"imports": {"a": "{{ x }}"}}</script>',
    'data:text/javascript,f()',
    '<script type="importmap">{"imports": {"a": "about:invalid#blocked"}}</script>',
  ],
  [
    '<script type="importmap">{"imports": {{ x }}}</script>',
    { a: 'javascript:1', b: './b.js' },
    '<script type="importmap">{"imports": {"a":"about:invalid#blocked","b":"./b.js"}}</script>',
  ],
  // line feeds that HTML leaves out
  ['<textarea>{{ x }}</textarea><pre>{{ x }}</pre>', '\na', '<textarea>\n\na</textarea><pre>\n\na</pre>'],
  ['<pre>{% if x %}{{ x }}{% endif %}{{ x }}</pre>', '\na', '<pre>\n\na\na</pre>'],
  ['<textarea>a{{ x }}</textarea>', '\n', '<textarea>a\n</textarea>'],
  ['<p title="{{ x }}">', '\r\n', '<p title="&#13;\n">'],
  // documents inside attributes
  [
    '<iframe srcdoc="<script>f({{ x }})</script>"></iframe>',
    '"',
    '<iframe srcdoc="<script>f(&#34;\\&#34;&#34;)</script>"></iframe>',
  ],
  [
    '<iframe srcdoc=\'<p title="{{ x }}">{{ x }}\'></iframe>',
    '"<',
    '<iframe srcdoc=\'<p title="&amp;#34;&amp;lt;">&amp;#34;&amp;lt;\'></iframe>',
  ],
  [
    '<iframe srcdoc="<a href=\'{{ x }}\'>"></iframe>',
    'javascript:1',
    '<iframe srcdoc="<a href=\'about:invalid#blocked\'>"></iframe>',
  ],
  [
    '<iframe srcdoc="&lt;textarea&gt;{{ x }}&lt;/textarea&gt;"></iframe>',
    '\n',
    '<iframe srcdoc="&lt;textarea&gt;\n\n&lt;/textarea&gt;"></iframe>',
  ],
  // foreign content and names with prefixes
  [
    '<svg><title><a href="{{ x }}">t</a></title></svg>',
    'javascript:1',
    '<svg><title><a href="about:invalid#blocked">t</a></title></svg>',
  ],
  ['<svg><title>{{ x }}</title><path d="{{ x }}"/></svg>', '<', '<svg><title>&lt;</title><path d="&lt;"/></svg>'],
  [
    '<p svg:onclick="f({{ x }})" g:url="{{ x }}" svg:style="color: {{ x }}">',
    'a:b',
    '<p svg:onclick="f(&#34;a:b&#34;)" g:url="about:invalid#blocked" svg:style="color: unset">',
  ],
  // addresses
  [
    '<p data-transaction="{{ x }}" data-security="{{ x }}" data-interaction-text="{{ x }}">',
    'a b',
    '<p data-transaction="a b" data-security="a b" data-interaction-text="a b">',
  ],
  ['<p data-image-url="{{ x }}" data-action="{{ x }}">', 'a b', '<p data-image-url="a%20b" data-action="a%20b">'],
  [
    '<img src="{{ x }}"><a href="{{ x }}">',
    'data:image/png;base64,AA==',
    '<img src="data:image/png;base64,AA=="><a href="about:invalid#blocked">',
  ],
  ['<img src="{{ x }}">', 'data:image/svg+xml;base64,AA==', '<img src="about:invalid#blocked">'],
  [
    '<img src="data:image/png;base64,{{ x }}">',
    'AA+/" onload=f()',
    '<img src="data:image/png;base64,AA+/%22%20onload=f%28%29">',
  ],
  ['<a href="{{ x }}">', 'whatsapp://send?text=a', '<a href="whatsapp://send?text=a">'],
  ['<a href="{{ x }}">', 'otpauth://totp/a', '<a href="otpauth://totp/a">'],
  ['<a href="?a=1&{{ x }}=2">', 'quot', '<a href="?a=1&amp;quot=2">'],
  ['<a href="?a=1&b{{ x }}=2">', '=', '<a href="?a=1&b%3D=2">'],
  ['<a href="?a=1&b{{ x }}=2">', 'ot', '<a href="?a=1&b&#111;t=2">'],
  ['<p>AT&{{ x }} R&D{{ x }}', 'lt;', '<p>AT&amp;lt; R&D&#108;t;'],
  ['<a href="{{ x }}">', 'a%2 b%zz%20', '<a href="a%252%20b%25zz%20">'],
  ['<a href="/{{ x }}">', '//evil.example', '<a href="/evil.example">'],
  ['<a href="{{ x }}">', '10 past 12:30', '<a href="10%20past%2012:30">'],
  ['<img srcset="{{ x }}">', 'a.png 1x, b c.png 2x', '<img srcset="a.png%201x,%20b%20c.png%202x">'],
  [
    '<img srcset="{{ x }}">',
    'a.png 1x, javascript:1 2x,c,d.png 300w',
    '<img srcset="a.png 1x, about:invalid#blocked 2x, c,d.png 300w">',
  ],
  [
    '<svg><animateTransform attributeName="transform" to="{{ x }}"/></svg>',
    '360 60 70',
    '<svg><animateTransform attributeName="transform" to="360 60 70"/></svg>',
  ],
  [
    '<svg><animate attributeName=href values="{{ x }};{{ x }}"/></svg>',
    'javascript:1;',
    '<svg><animate attributeName=href values="about:invalid#blocked;about:invalid#blocked"/></svg>',
  ],
  [
    '<svg><set attributeName="x" attributeName="href" to="{{ x }}"/></svg>',
    'a:b',
    '<svg><set attributeName="x" attributeName="href" to="a:b"/></svg>',
  ],
  [
    '<meta http-equiv="refresh" content="{{ x }}; url=/a">',
    '1; url=javascript:1',
    '<meta http-equiv="refresh" content="0; url=/a">',
  ],
  [
    '<meta http-equiv=refresh content="5;url=\'{{ x }}">',
    "'javascript:1",
    '<meta http-equiv=refresh content="5;url=\'%27javascript:1">',
  ],
  [
    `<meta http-equiv="Content-Security-Policy" content="script-src 'nonce-{{ x }}'">`,
    'aB+/=',
    `<meta http-equiv="Content-Security-Policy" content="script-src 'nonce-aB+/='">`,
  ],
  [
    `<meta http-equiv="Content-Security-Policy" content="script-src 'nonce-{{ x }}'">`,
    "' *",
    `<meta http-equiv="Content-Security-Policy" content="script-src 'nonce-blocked'">`,
  ],
  // styles
  ['<p style="color: {{ x }}">', 'rgb(1 2 3 / 50%)', '<p style="color: rgb(1 2 3 / 50%)">'],
  ['<p style="width: {{ x }}">', 'calc(100% - (2 * var(--gap)))', '<p style="width: calc(100% - (2 * var(--gap)))">'],
  [
    '<p style="font: {{ x }}">',
    `16px/1.5 "Open Sans", Curlz MT`,
    '<p style="font: 16px/1.5 &#34;Open Sans&#34;, Curlz MT">',
  ],
  ['<p style="background: url({{ x }})">', "/a b'(c)", '<p style="background: url(/a%20b%27%28c%29)">'],
  [
    '<style>p { background: url( "{{ x }}" ) }</style>',
    'javascript:1',
    '<style>p { background: url( "about:invalid#blocked" ) }</style>',
  ],
  ['<p style="background: url(/a/{{ x }}.png)">', 'é', '<p style="background: url(/a/%C3%A9.png)">'],
  // attributes of libraries
  [
    '<p x-ref="{{ x }}" ng-app="{{ x }}" x-transition:enter="{{ x }}">',
    'a',
    '<p x-ref="a" ng-app="a" x-transition:enter="a">',
  ],
  [
    '<p @click="f({{ x }})" data-on-click="f({{ x }})" data-ng-click="f({{ x }})">',
    "'",
    '<p @click="f(&#34;\\u0027&#34;)" data-on-click="f(&#34;\\u0027&#34;)" data-ng-click="f(&#34;\\u0027&#34;)">',
  ],
  ['<h{{ x }}>a</h{{ x }}>', 2, '<h2>a</h2>'],
  [
    '<p data-{{ x }}="1" data-a-{{ x }}-url="1" data-on-{{ x }}="1">',
    'Count',
    '<p data-Count="1" data-a-Count-url="1" data-on-Count="1">',
  ],
  ['<p data-{{ x }}="f()">', 'ng-click', '<p data-blocked="f()">'],
  ['<p data-{{ x }}-click="f()">', 'NG', '<p data-blocked-click="f()">'],
  [
    '<script>a = "\\x41{{ x }}\\u0041{{ x }}\\u{41}{{ x }}\\n{{ x }}\\08"</script>',
    1,
    '<script>a = "\\x411\\u00411\\u{41}1\\n1\\08"</script>',
  ],
  ['<h{{ x }}>', '1 onclick=f()', '<h6>'],
  [
    '<p title="{{ x }}"><title>{{ x }}</title>',
    safe('<b>&amp;</b>'),
    '<p title="&lt;b&gt;&amp;&lt;/b&gt;"><title>&lt;b&gt;&amp;&lt;/b&gt;</title>',
  ],
  ['<!--{{ x }}>-->', '', '<!-- >-->'],
]

test('what is printed is right for its place', () => {
  for (const [template, x, printed] of PRINTED) assert.equal(render(template, { x }), printed, template)
})

test('somebody may vouch for what is more than text; elsewhere it is text', () => {
  const data = {
    u: safeUrl('myapp:a b'),
    c: safeCss('a: url(b)'),
    j: safeScript('f(1) </script>'),
    s: safeSrcset('myapp:a 1x'),
  }
  const cases: readonly (readonly [string, string])[] = [
    ['<a href="{{ u }}">', '<a href="myapp:a%20b">'],
    ['<img srcset="{{ u }} 1x">', '<img srcset="myapp:a%20b 1x">'],
    ['<p style="background: url({{ u }})">', '<p style="background: url(myapp:a%20b)">'],
    ['<p style="{{ c }}"><p style="color: {{ u }}">', '<p style="a: url(b)"><p style="color: unset">'],
    ['<style>{{ c }}</style>', '<style>a: url(b)</style>'],
    ['<script>a = {{ j }}</script>', '<script>a = f(1) <\\/script></script>'],
    ['<p x-model="{{ j }}">', '<p x-model="f(1) &lt;\\/script&gt;">'],
    ['<img srcset="{{ s }}">', '<img srcset="myapp:a 1x">'],
    ['{{ u }}{{ c }}{{ s }}<p title="{{ j }}">', 'myapp:a ba: url(b)myapp:a 1x<p title="f(1) &lt;/script&gt;">'],
    [
      '<a href="{{ c }}"><script>a = "{{ u }}"</script>',
      '<a href="about:invalid#blocked"><script>a = "myapp\\u003aa b"</script>',
    ],
    ['<script>a = {{ u }}</script>', '<script>a = "myapp:a b"</script>'],
    ['<a href="{{ "x:1"|safeUrl }}"><p style="{{ "a:b"|safeCss }}">', '<a href="x:1"><p style="a:b">'],
    [
      '<script>{{ "a()"|safeScript }}</script><img srcset="{{ "x:1 2x"|safeSrcset }}">',
      '<script>a()</script><img srcset="x:1 2x">',
    ],
    ['<style>p { a: {{ "</style><!--"|safeCss }} }</style>', '<style>p { a: \\3c /style>\\3c !-- }</style>'],
    ['<script>{{ "\'<!--<script>\'"|safeScript }}</script>', "<script>'<\\!--<script>'</script>"],
  ]
  for (const [template, printed] of cases) assert.equal(render(template, data), printed, template)
})

test('a site may allow more schemes, but none that run', () => {
  const templates = new Templates({ t: '<a href="{{ x }}">' }, { schemes: ['MyApp:', 'web+tea'] })
  assert.equal(templates.render('t', { x: 'myapp:1' }), '<a href="myapp:1">')
  assert.equal(templates.render('t', { x: 'WEB+TEA:1' }), '<a href="WEB+TEA:1">')
  assert.equal(templates.render('t', { x: 'other:1' }), '<a href="about:invalid#blocked">')
  for (const scheme of ['javascript', 'data:', 'vbscript', 'blob', '', 'a b'])
    assert.throws(() => new Templates({}, { schemes: [scheme] }), { code: 'TEMPLATE_USAGE' }, scheme)
})

test('values that are printed as something else are reported with the place', () => {
  const reports: Replacement[] = []
  const t = '<p>\n<a href="{{ x }}"><p style="{{ x }}"><input {{ x }}><a href="/{{ y }}"><h{{ x }}>'
  const templates = new Templates({ t }, { onReplaced: (replacement) => reports.push(replacement) })
  templates.render('t', { x: 'javascript:1', y: '/a' })
  assert.deepEqual(
    reports.map(({ template, line, column, instead }) => [template, line, column, instead]),
    [
      ['t', 2, 13, 'about:invalid#blocked'],
      ['t', 2, 32, 'unset'],
      ['t', 2, 48, ''],
      ['t', 2, 66, 'a'],
      ['t', 2, 77, '6'],
    ],
  )
  assert.match(reports[0]!.why, /javascript: is not among .* safeUrl/)
  assert.match(reports[1]!.why, /safeCss/)
  reports.length = 0
  templates.render('t', { x: 'checked', y: 'a' })
  assert.deepEqual(
    reports.map(({ instead }) => instead),
    ['6'],
  )
})

test('no value makes its escaping slow', () => {
  const places = [
    ...[
      '{{ x }}',
      '<p title="{{ x }}">',
      '<p title={{ x }}>',
      '<a href="{{ x }}">',
      '<a href="/{{ x }}">',
      '<a href="?q={{ x }}">',
    ],
    ...[
      '<img srcset="{{ x }}">',
      '<p style="width: {{ x }}">',
      '<p style="font-family: \'{{ x }}\'">',
      '<p style="background: url({{ x }})">',
    ],
    ...[
      '<script>f({{ x }})</script>',
      '<script>f("{{ x }}")</script>',
      '<script type="application/json">{{ x }}</script>',
    ],
    ...['<textarea>{{ x|e }}</textarea>', '<!-- {{ x }} -->', '<p {{ x }}>', '<a href="{{ x|safe }}">', '<h{{ x }}>'],
  ]
  const hostile = [
    ...[
      '<',
      '&',
      '&#',
      '&amp',
      '"',
      "'",
      '/',
      '//',
      '\\',
      ':',
      'a:',
      '%',
      '%2',
      ' ',
      '\n',
      '\0',
      ',',
      ', ',
      'a,',
      'a 1x,',
      'a ',
      '1 + ',
      '1/',
      '-',
      '--a',
      '(',
      ')',
    ],
    ...['calc(', 'rgb(1)', '"a"', 'a(', '#', '\ud800', '😀', '"__proto__":', '\\"', 'é'],
  ].flatMap((piece) => [
    piece.repeat(20_000 / piece.length),
    `calc(${piece.repeat(20_000 / piece.length)}`,
    `${piece.repeat(20_000 / piece.length)}x`,
  ])
  for (const template of places) {
    const templates = new Templates({ t: template })
    for (const x of hostile) {
      const before = process.cpuUsage().user
      templates.render('t', { x })
      const spent = (process.cpuUsage().user - before) / 1000
      assert.ok(spent < 200, `${template} takes ${spent} ms for ${x.slice(0, 12)}…`)
    }
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
