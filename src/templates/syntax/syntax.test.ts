/** Whatever stands in a template: it renders, or the error says where it is wrong. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ObjectLoader, TemplateError, TemplateNotFound, Templates } from '../index.ts'

const PIECES = [
  '{{',
  '}}',
  '{%',
  '%}',
  '{#',
  '#}',
  '-',
  '{{-',
  '-%}',
  ' if ',
  ' for x in xs ',
  ' endif ',
  ' endfor ',
  ' else ',
  ' block b ',
  ' endblock ',
  ' set y = ',
  ' with y=1 ',
  ' endwith ',
  ' macro m(a) ',
  ' endmacro ',
  ' include "t" ',
  ' include "p" ',
  ' extends "b" ',
  ' raw ',
  '{% endraw %}',
  ' x ',
  ' y ',
  ' loop.index ',
  ' m(1) ',
  ' super() ',
  '|upper',
  '|safe',
  '|json',
  '|default(',
  ')',
  '(',
  '[',
  ']',
  '{',
  '}',
  ',',
  '.',
  ':',
  '"',
  "'",
  '\\',
  ' and ',
  ' or ',
  ' not ',
  ' in ',
  ' is ',
  ' defined ',
  '==',
  '<',
  '>',
  '~',
  '+',
  '//',
  ' 1 ',
  ' 2.5 ',
  ' none ',
  '<p ',
  '<a href=',
  '<script>',
  '</script>',
  '<style>',
  '</style>',
  '<!--',
  '-->',
  ' title="',
  ' onclick="',
  '=',
  '>',
  '/',
  '`',
  '${',
  '&amp;',
  '&',
  '\n',
  'text',
  '{{ x }}',
  '{{ y }}',
  '{% if x %}',
  '{% endif %}',
  '{% for x in xs %}',
  '{% endfor %}',
  '{% block b %}',
  '{% endblock %}',
  '{% else %}',
]

test('random templates render or fail with a place, and do not hang', () => {
  const template = fc.oneof(
    fc.array(fc.constantFrom(...PIECES), { maxLength: 25 }).map((parts) => parts.join('')),
    fc.string({ unit: 'binary', maxLength: 60 }),
  )
  let rendered = 0
  fc.assert(
    fc.property(template, template, (t, p) => {
      const templates = new Templates(new ObjectLoader({ t, p, b: '<p>{% block b %}{% endblock %}</p>' }))
      try {
        templates.render('t', { x: '<x>', xs: [1, 2, 3] })
        rendered++
      } catch (error) {
        if (error instanceof TemplateNotFound) return
        assert.ok(error instanceof TemplateError, `${t}\n${error instanceof Error ? error.stack : error}`)
        assert.ok(error.line >= 1 && error.column >= 1)
      }
    }),
    { numRuns: 5000 },
  )
  assert.ok(rendered > 200, `only ${rendered} rendered: the pieces do not make templates`)
})

test('text without marks is printed as it is', () => {
  const plain = fc.string({ unit: 'binary' }).filter((text) => !/\{[{%#]/.test(text) && !/[<]/.test(text))
  fc.assert(fc.property(plain, (t) => assert.equal(new Templates(new ObjectLoader({ t })).render('t'), t)))
})
