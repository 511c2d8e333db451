/**
 * Templates made at random out of pieces of HTML: those that compile must keep their structure whatever the data are.
 * The structure is read by a tokenizer that knows nothing of the compiler's.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ObjectLoader, TemplateError, Templates } from '../index.ts'
import { structure } from '../trial/reading.ts'

const PIECES = [
  ...[
    '<p ',
    '<a href=',
    '<a href="',
    '<img src=',
    '<div',
    '<p>',
    '</p>',
    '</p ',
    '<!doctype html>',
    '<?x',
    '<!',
    '</',
    '<',
    '<!--',
    '-->',
    '--!>',
  ],
  ...[
    '<script>',
    '</script>',
    '<script type=module>',
    '<style>',
    '</style>',
    '<textarea>',
    '</textarea>',
    '<title>',
    '</title>',
  ],
  ...[
    ' title="',
    " title='",
    ' title=',
    ' id',
    ' onclick="',
    ' style="',
    ' href=',
    ' srcset="',
    ' srcdoc="',
    '"',
    "'",
    '=',
    '>',
    '/',
    '/>',
  ],
  ...[
    ' ',
    '\n',
    'text',
    'a',
    '-',
    '!',
    '&amp;',
    '&quot;',
    '&',
    ';',
    '`',
    '$',
    '{',
    '}',
    '(',
    ')',
    'if (',
    '//',
    '/*',
    '*/',
    '\\',
    'url(',
    ':',
    '?',
    '#',
    ',',
    '1',
    '+',
  ],
  ...['{{ x }}', '{{ x }}', '{{ x }}', '{{ x }}', '{% if y %}{{ x }}{% endif %}'],
  ...['{% if y %}', '{% if n %}', '{% else %}', '{% endif %}', '{% for i in l %}', '{% endfor %}'],
]
const NASTY = [
  ...[
    '"',
    "'",
    '>',
    '<',
    ' ',
    '/',
    '`',
    '=',
    '',
    '\\',
    '\n',
    ';',
    '&',
    '&quot;',
    ')',
    '}',
    '!',
    '--',
    '-',
    '*/',
    '//',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: what breaks out of a template literal
    '${1}',
  ],
  ...[
    '</script>',
    '</style>',
    '</textarea>',
    '</title>',
    '-->',
    '<!--',
    '</',
    '</p>',
    '><b>',
    ' onload=a ',
    '" onload="',
    "' onload='",
    'javascript:alert(1)',
  ],
]
const template = fc.array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 14 }).map((parts) => parts.join(''))
const nasty = fc.array(fc.constantFrom(...NASTY), { minLength: 1, maxLength: 3 }).map((parts) => parts.join(''))
/** A value may be a whole attribute name, and one that may not be is left out. */
const withoutName = (html: string) => structure(html).replace(/ harmless(?=[ >])/g, '')

test('a template that compiles keeps its structure', () => {
  let compiled = 0
  const same = (t: string, x: string, y: boolean) => {
    const templates = new Templates(new ObjectLoader({ t }))
    const data = { y, l: [1, 2] }
    try {
      templates.check('t')
    } catch (error) {
      assert.ok(error instanceof TemplateError)
      return
    }
    if (t.includes('{{')) compiled++
    const [harmless, harmful] = [
      templates.render('t', { ...data, x: 'harmless' }),
      templates.render('t', { ...data, x }),
    ]
    assert.equal(withoutName(harmful), withoutName(harmless), `${t}\n${harmless}\n${harmful}`)
  }
  fc.assert(fc.property(template, nasty, fc.boolean(), same), {
    numRuns: Number(process.env['RETICLE_RUNS'] ?? 10_000),
  })
  assert.ok(compiled > 100, `only ${compiled} compiled`)
})
