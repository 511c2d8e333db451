/** Places where values stand in pages, for tests that load the pages in a browser. */

export interface Situation {
  readonly name: string
  readonly template: string
  /**
   * How the value arrives, where it must arrive as itself: as the text of the elements `.i`, as their attribute of this
   * name, or as the argument of a call `got(…)`. Empty where it may be replaced or encoded.
   */
  readonly arrives: '' | 'text' | 'got' | `@${string}`
  /** Whether the page is only parsed: loading it would leave it, or load a hundred more. */
  readonly inert?: boolean
}

type Short = readonly [template: string, arrives?: Situation['arrives']]

/** Whole in themselves: each begins and ends between tags. */
const PLACES: readonly Short[] = [
  ['<p class=i>{{ x }}</p>', 'text'],
  ['<p class=i>a &{{ x }}</p>'],
  ['<p>a < b {{ x }}-->{{ x }}></p>'],
  ['<p>AT&T{{ x }} &copy{{ x }}</p>'],
  ['<p class=i title="{{ x }}">t</p>', '@title'],
  ["<p class=i title='{{ x }}'>t</p>", '@title'],
  ['<p class=i title={{ x }}>t</p>', '@title'],
  ['<p title={{ x }} class=i>t</p>', '@title'],
  ['<p title=a{{ x }} class=i>t</p>'],
  ['<p title={{ x }}{{ x }}c" class=i>t</p>'],
  ['<p title="a&{{ x }}=1&b{{ x }}">t</p>'],
  ['<input class=i value="{{ x }}">', '@value'],
  ['<input type=hidden value={{ x }}>'],
  ['<textarea class=i>{{ x }}</textarea>', 'text'],
  ['<textarea class=i>{% if x %}{{ x }}{% endif %}</textarea>', 'text'],
  ['<textarea rows="{{ x }}">{{ x|e }}</textarea>'],
  ['<pre class=i>{{ x }}</pre>', 'text'],
  ['<title class=i>{{ x }}</title>', 'text'],
  ['<title>a</titl {{ x }}</title><textarea></textareax>{{ x }}</textarea>'],
  ['<p a"b="{{ x }}" =c="{{ x }}" d<e={{ x }}>t</p>'],
  ['<P/TITLE\f=\n{{ x }}/>t'],
  ['<title class=i>{{ x|e }}</title>', 'text'],
  ['<!-- {{ x }} --><p>t</p>'],
  ['<!--{{ x }}--><p>t</p>'],
  ['<input {{ x }} class=i><p>t</p>'],
  ['<p data-{{ x }}="1" class=i>t</p>'],
  ['<h{{ x }}>t</h{{ x }}>'],
  ['<a href="{{ x }}">t</a>'],
  ["<a href='{{ x }}'>t</a>"],
  ['<a href={{ x }}>t</a>'],
  ['<a href=" {{ x }}">t</a>'],
  ['<a href="{{ x }}{{ x }}">t</a>'],
  ['<a href="java{{ x }}">t</a>'],
  ['<a href="/{{ x }}">t</a>'],
  ['<a href="/p/{{ x }}/q">t</a>'],
  ['<a href="/p?q={{ x }}&r=1#{{ x }}">t</a>'],
  ['<a href="?a=1&{{ x }}=2&b{{ x }}">t</a>'],
  ['<a href="{{ x|urlencode }}?{{ x|urlencode }}">t</a>'],
  ['<a href="{{ x|e }}" ping="{{ x }}" cite="{{ x }}">t</a>'],
  ['<form action="{{ x }}"><button formaction="{{ x }}">t</button></form>'],
  ['<img src="{{ x }}" alt="">'],
  ['<img src="data:image/png;base64,{{ x }}" alt="">'],
  ['<img srcset="{{ x }}" alt="">'],
  ['<img srcset="{{ x }} 1x, {{ x }} 2x" alt="">'],
  ['<video poster="{{ x }}"></video>'],
  ['<iframe src="{{ x }}"></iframe>'],
  ['<object data="{{ x }}"></object>'],
  ['<embed src="{{ x }}">'],
  ['<script src="{{ x }}"></script>'],
  ['<link rel="icon" href="{{ x }}">'],
  ['<base target="{{ x }}">'],
  ['<body background="{{ x }}">t'],
  ['<p data-href="{{ x }}" data-image-url="{{ x }}" g:url="{{ x }}" my-src="{{ x }}">t</p>'],
  ['<p class=i data-transaction="{{ x }}">t</p>', '@data-transaction'],
  ['<p class=i data-security="{{ x }}">t</p>', '@data-security'],
  ['<p onclick="got({{ x }})">t</p>', 'got'],
  [`<p onclick="got('{{ x }}')">t</p>`, 'got'],
  [`<p onclick='got("{{ x }}")'>t</p>`, 'got'],
  ['<p onclick=got({{ x }})>t</p>', 'got'],
  ['<p onclick={{ x }}>t</p>'],
  ["<p onclick=\"javascript:/* ' */ got('{{ x }}')\">t</p>", 'got'],
  ['<p onclick="got(&apos;{{ x }}&apos;) ">t</p>', 'got'],
  ['<p onclick="got(`{{ x }}`)">t</p>', 'got'],
  [`<p onclick="got(&quot;{{ x }}&quot;)">t</p>`, 'got'],
  [`<p onclick="got(&#34;{{ x }}&#x22)">t</p>`, 'got'],
  [`<p onclick="got('/s?q=1&quot=2&b={{ x }}')">t</p>`],
  [`<p onclick="f({{ x|urlencode }})">t</p>`],
  [`<p onclick="f({{ x|json }})">t</p>`],
  ['<p svg:onclick="f({{ x }})">t</p>'],
  ['<p @click="f({{ x }})" :title="{{ x }}" x-text="{{ x }}" hx-on:click="f(\'{{ x }}\')">t</p>'],
  ['<p style="color: {{ x }}; width: 1px">t</p>'],
  [`<p style="font-family: '{{ x }}'">t</p>`],
  ['<p style={{ x }}>t</p>'],
  ['<p style="background: url({{ x }}); width: 1px">t</p>'],
  [`<p style="background: url('/a/{{ x }}'); width: 1px">t</p>`],
  [`<p style="{% if x %}color{% else %}width{% endif %}: {{ x }}">t</p>`],
  ['<p style="{{ x }}: red; {{ x }}">t</p>'],
  ['<p svg:style="color: {{ x }}">t</p>'],
  ['<style>p { color: {{ x }}; width: 1px }</style>'],
  ['<style>p::before { content: "{{ x }}"; width: 1px }</style>'],
  ["<style>p::before { content: 'a{{ x }}b'; width: 1px }</style>"],
  ['<style>p { background: url( "{{ x }}" ); width: 1px }</style>'],
  ['<style>p { background: url(/a{{ x }}b); width: 1px }</style>'],
  ['<style>.a-{{ x }} { width: 1px }</style>'],
  ['<style>p { width: calc({{ x }} + 1px); background: image-set("{{ x }}" 1x) }</style>'],
  ['<style>@layer {{ x }}; @supports (a: {{ x }}) { p { width: 1px } }</style>'],
  ['<style><!-- p { color: {{ x }} /* " */; background: "{{ x }}" } --></style>'],
  ['<style>@media (min-width: {{ x }}) { p { width: 1px } }</style>'],
  ['<script>got({{ x }})</script>', 'got'],
  ['<script>got("{{ x }}")</script>', 'got'],
  ["<script>got('{{ x }}')</script>", 'got'],
  ['<script>got(`{{ x }}`)</script>', 'got'],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is JavaScript inside a template
  ['<script>got(`${ {{ x }} }`)</script>', 'got'],
  ['<script type=module>got({{ x }}); export {}</script>', 'got'],
  ['<script>got({{ x|e }})</script>', 'got'],
  ['<script>got("{{ x|e }}")</script>', 'got'],
  ['<script>got({{ x|json }})</script>', 'got'],
  ['<script>got({{ x|tojson|safe }})</script>', 'got'],
  ['<script>got(JSON.parse("{{ x|json }}"))</script>', 'got'],
  ['<script>var a = {{ x|urlencode }};</script>'],
  ['<script>var o = {in: 4}; var a = o.in / 2 + "/"; got("{{ x }}")</script>', 'got'],
  ['<script>var of = 4; var a = of / 2 + "/"; got("{{ x }}")</script>', 'got'],
  ['<script>var if_ = 4; var a = if_ / 2 + "/"; got("{{ x }}")</script>', 'got'],
  ['<script>if /* c */ (1) /"/.test("y"); got("{{ x }}")</script>', 'got'],
  ['<script>var a = 1./2; var b = "/"; got("{{ x }}")</script>', 'got'],
  ['<script>var a = 4; var b = 0\n++a / 1 + "/"; got("{{ x }}")</script>', 'got'],
  ['<script type=module>export default /"/; got("{{ x }}")</script>', 'got'],
  ['<script>var a = {return: 4}; var b = a?.return / 2 + "/"; got("{{ x }}")</script>', 'got'],
  ['<script>var n = 1; while (n --> 0) got("{{ x }}")</script>', 'got'],
  ['<script>var n = 1; n-->0; switch (1) { case /"/: break; default: got("{{ x }}") }</script>', 'got'],
  ['<script>var a = [/[/]"]/, /[\\]/"]/, 1..toString() / 2, .5/2 + "/"]; got("{{ x }}")</script>', 'got'],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is JavaScript inside a template
  ['<script>got(`${`${ {{ x }} }`}`); f(`\\${ {{ x }}`, `${ /}/.test({{ x }}) }`)</script>', 'got'],
  ['<script>//a\u2028got("{{ x }}")</script>', 'got'],
  ['<script>var a\u00a0=\ufeff{{ x }}; var 𠮷 = 4; a = 𠮷 / 2 + "/"; got("{{ x }}")</script>', 'got'],
  ['<script type=module>class A { #p = 4; q() { return this.#p / 2 + "/" } }; got("{{ x }}")</script>', 'got'],
  [
    '<script>f({a: 1, [{{ x }}]: 2}, !{{ x }}, - -{{ x }}, {{ x }} ?? 1, {{ x }}?.length / 2 + "/"); got({{ x }})</script>',
    'got',
  ],
  ['<script>got({"k": {{ x }}}.k); f({"{{ x }}": "{{ x }}"})</script>', 'got'],
  ['<script>got([{{ x }}, "{{ x }}"][0])</script>', 'got'],
  ['<script>// " \' `\ngot({{ x }}) /* " */</script>', 'got'],
  ['<script>{% for i in l %}got("{{ x }}");{% endfor %}</script>'],
  ['<script>got({% if x %}{{ x }}{% else %}""{% endif %})</script>', 'got'],
  ['<script type="application/json" class=i>{"a": {{ x }}, "b": ["{{ x }}"]}</script>'],
  ['<script type="application/ld+json" class=i>{"headline": "{{ x }}"}</script>'],
  ['<script type="importmap">{"imports": {"a": "{{ x }}"}}</script>'],
  ['<script type="speculationrules">{"prefetch": [{"urls": ["/{{ x }}"]}]}</script>'],
  ['<script type="{{ x }}"></script>'],
  ['<meta name="description" content="{{ x }}">'],
  [`<meta http-equiv="refresh" content="{{ x }}; url=/a">`],
  [`<meta http-equiv="refresh" content="9999; url={{ x }}">`],
  [`<meta http-equiv="refresh" content="9999; url='/a?{{ x }}'">`],
  [`<meta http-equiv="Content-Security-Policy" content="img-src 'nonce-{{ x }}'">`],
  ['<svg><text class=i>{{ x }}</text></svg>', 'text'],
  ['<svg><title class=i>{{ x }}</title></svg>', 'text'],
  ['<svg><title><a href="{{ x }}">t</a><img src={{ x }}></title></svg>'],
  ['<svg><desc><style>p { content: "{{ x }}" }</style><script>got("{{ x }}")</script></desc></svg>', 'got'],
  ['<svg><a href="{{ x }}" xlink:href="{{ x }}"><text>t</text></a></svg>'],
  ['<svg><use href="{{ x }}"/><image href="{{ x }}"/></svg>'],
  ['<svg><a><animate attributeName="href" to="{{ x }}" from="{{ x }}" values="/a;{{ x }};{{ x }}"/></a></svg>'],
  ['<svg><a><set attributeName="xlink:href" to="{{ x }}"/></a></svg>'],
  ['<svg class=i><rect class=i><animate attributeName="fill" to="{{ x }}"/></rect></svg>'],
  ['<svg onload="f({{ x }})"></svg>'],
  [
    '<svg><style>p { color: red }</style><script>var a = 1</script><g fill="{{ x }}" onclick="got({{ x }})"/></svg>',
    'got',
  ],
  ['<svg><![CDATA[ <a href=" ]]></svg><a href="{{ x }}">t</a>'],
  ['<math><mi class=i>{{ x }}</mi><mtext><a href="{{ x }}">t</a></mtext></math>', 'text'],
  ['<math><annotation-xml encoding="text/html"><p title="{{ x }}">t</p></annotation-xml></math>'],
  ['<math><mi><mglyph></mglyph><style>p { color: {{ x }} }</style></mi></math>'],
  ['<svg><desc/><TITLE>{{ x }}</TITLE></svg><image src="{{ x }}">'],
  [
    '<template shadowrootmode="open"><style>p { color: {{ x }} }</style>{{ x }}<p onclick="f({{ x }})">t</p></template>',
  ],
  [`<iframe srcdoc="<iframe srcdoc='&lt;p title=&amp;quot;{{ x }}&amp;quot;&gt;t'></iframe>{{ x }}"></iframe>`],
  ['<math href="{{ x }}"><maction xlink:href="{{ x }}">t</maction></math>'],
  ['<select><option class=i value="{{ x }}">{{ x }}</option></select>', 'text'],
  ['<template><p title="{{ x }}" onclick="f({{ x }})">{{ x }}</p><script>f({{ x }})</script></template>'],
  ['<noscript><p title="{{ x }}">{{ x }}</p><img src="{{ x }}"></noscript>'],
  ['<details open ontoggle="f({{ x }})"><summary class=i>{{ x }}</summary></details>', 'text'],
  ['<table><caption class=i>{{ x }}</caption><tr title="{{ x }}"><td>{{ x }}</table>', 'text'],
  ['{% macro m(v) %}{{ v }}{% endmacro %}<p class=i title="{{ m(x) }}">t</p>', '@title'],
  ['{% macro m(v) %}{{ v }}{% endmacro %}<textarea class=i>{{ m(x) }}</textarea>', 'text'],
  ['{% macro m(v) %}{{ v }}{% endmacro %}<script>got("{{ m(x) }}")</script>', 'got'],
  ['{% macro m(v) %}<b class=i>{{ v }}</b>{% endmacro %}{{ m(x) }}', 'text'],
  ['{% macro m(v) %}<a href="{{ v }}">t</a>{% endmacro %}{{ m(x) }}<p title="{{ m(x) }}">t</p>'],
  ['{% macro m(v) %}{{ v }}{% endmacro %}<a href="{{ m(x) }}" style="color: {{ m(x) }}">t</a>'],
  ['{% set v = x ~ "" %}<p class=i title="{{ v }}">{{ v|upper|lower }}</p>'],
]

/** What a place may stand in; `@@` is the place. */
const AROUND: readonly (readonly [name: string, around: string])[] = [
  ['in an element', '<div title="t">@@</div>'],
  ['in a branch', '{% if l %}@@{% else %}<p>{% endif %}'],
  ['in a loop', '{% for i in [1] %}@@{% endfor %}'],
  ['in a macro', '{% macro outer(x) %}@@{% endmacro %}{{ outer(x) }}'],
  ['in SVG', '<svg><foreignObject><div>@@</div></foreignObject></svg>'],
  ['behind SVG', '<svg><title>t</title><style>/* < */</style><path d=""></svg>@@'],
  ['in a table', '<table><tr><td>@@</td></tr></table>'],
  ['behind a select', '<select><option>t</select>@@'],
  ['behind comments', '<!----><!--><!-- --!><!---!>--><? > <!doctype html></ >@@'],
  ['behind a noscript', '<noscript><p title="t">t</p></noscript>@@'],
]

/** Each place by itself. */
export const SITUATIONS: readonly Situation[] = PLACES.map(([template, arrives = '']) => ({
  name: template,
  template,
  arrives,
  inert: /http-equiv|srcdoc/.test(template),
}))

/** Each place inside something, by what that is; and in a document that is the value of an attribute. */
export const SURROUNDED: { readonly [name: string]: readonly Situation[] } = Object.fromEntries([
  ...AROUND.map(([name, around]) => [name, SITUATIONS.map((situation) => surrounded(situation, name, around))]),
  ['in srcdoc', SITUATIONS.map(inSrcdoc)],
])

function surrounded(situation: Situation, name: string, around: string): Situation {
  const template = around.replace('@@', () => situation.template)
  return { ...situation, name: `${name}: ${situation.name}`, template }
}

function inSrcdoc(situation: Situation): Situation {
  const document = situation.template
    .split(/(\{\{.*?\}\}|\{%.*?%\})/)
    .map((part, i) => (i % 2 === 1 ? part : part.replace(/&/g, '&amp;').replace(/"/g, '&quot;')))
    .join('')
  const template = `<iframe srcdoc="${document}"></iframe>`
  return { name: `in srcdoc: ${situation.name}`, template, arrives: '', inert: true }
}
