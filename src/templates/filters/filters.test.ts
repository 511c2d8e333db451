import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ObjectLoader, TEMPLATE_LIMITS, TemplateError, Templates } from '../index.ts'
import { builtinFilters } from './filters.ts'

const show = (expression: string, data: object = {}) =>
  new Templates(new ObjectLoader({ t: `{{ ${expression} }}` })).render('t', data)

test('filters do what Django’s and Jinja’s do', () => {
  const when = new Date(Date.UTC(2026, 10, 3, 15, 4, 5, 5))
  const rows = [
    { n: 2, t: 'b' },
    { n: 1, t: 'a' },
  ]
  const cases: [string, string, object?][] = [
    ['"aBc"|upper ~ "aBc"|lower ~ "aBC"|capitalize', 'ABCabcAbc'],
    ['"it\'s a dog"|title', 'It&#39;s A Dog'],
    ['" a "|trim', 'a'],
    ['"a-b-c"|replace("-", "$&")', 'a$&amp;b$&amp;c'],
    ['"abcdef"|truncate(4)', 'abc…'],
    ['"abc"|truncate(3)', 'abc'],
    ['"😀😀😀"|truncate(2)', '😀…'],
    ['"😀😀"|truncate(2)', '😀😀'],
    ['"👩‍👩‍👧a"|truncate(2) ~ "e\u0301e\u0301e\u0301"|truncate(2)', '👩‍👩‍👧ae\u0301…'],
    ['"👩‍👩‍👧e\u0301"|reverse', 'e\u0301👩‍👩‍👧'],
    ['""|truncate(0)', ''],
    ['"ab"|truncate(1)', '…'],
    ['"a b c"|truncatewords(2)', 'a b…'],
    ['"a  b"|wordcount', '2'],
    ['1|pluralize ~ 2|pluralize ~ [1]|pluralize', 's'],
    ['2|pluralize("y,ies") ~ 1|pluralize("y,ies")', 'iesy'],
    ['"Ä Töst!"|slugify', 'a-tost'],
    ['[3, 1]|length', '2'],
    ['xs|first ~ xs|last', '13', { xs: [1, 2, 3] }],
    ['xs|join(" < ")', '1 &lt; 2', { xs: [1, 2] }],
    ['"abcd"|slice(1, -1) ~ [1, 2, 3]|slice(1)|join', 'bc23'],
    ['"ab"|reverse ~ [1, 2]|reverse|join', 'ba21'],
    ['rows|sort("n")|map("t")|join', 'ab', { rows }],
    ['[10, 9]|sort|join(",")', '9,10'],
    ['rows|sum("n") ~ [1, 2]|sum', '33', { rows }],
    ['{"a": 1}|keys|join', 'a'],
    ['x|default("d") ~ ""|default("d") ~ ""|default("d", true)', 'dd'],
    ['when|date', '2026-11-03'],
    ['when|date("j F Y, H:i")', '3 November 2026, 15:04'],
    ['when|date:"D jS M y g:i A"', 'Tue 3rd Nov 26 3:04 PM'],
    ['when|date("H:i \\\\a\\\\t d", "Asia/Tokyo")', '00:04 at 04'],
    ['when|date("c U")', '2026-11-03T15:04:05.005Z 1793718245'],
    [
      'when|date("N j, Y, P e t b f L z W o u O Z T")',
      'Nov. 3, 2026, 3:04 p.m. UTC 30 nov 3:04 False 307 45 2026 005000 +0000 0 UTC',
    ],
    ['when|date("P f e O Z T I", "Asia/Kolkata")', '8:34 p.m. 8:34 Asia/Kolkata +0530 19800 GMT+5:30 I'],
    ['when|date("r")', 'Tue, 3 Nov 2026 15:04:05 +0000'],
    ['when|date("c", "America/New_York")', '2026-11-03T10:04:05.005-05:00'],
    [
      'noon|date("P") ~ noon|date("P", "Asia/Tokyo") ~ noon|date("P f", "Asia/Dhaka")',
      'noon9 p.m.6 p.m. 6',
      { noon: new Date(Date.UTC(2027, 0, 1, 12)) },
    ],
    ['noon|date("W o z L")', '53 2026 1 False', { noon: new Date(Date.UTC(2027, 0, 1, 12)) }],
    ['leap|date("L t z N")', 'True 29 60 Feb.', { leap: new Date(Date.UTC(2028, 1, 29)) }],
    ['x|date', ''],
    ['"nonsense"|date', ''],
    ['1234.5|number', '1,234.5'],
    ['1234.567|number(2)', '1,234.57'],
    ['2.5|round ~ 1.256|round(2) ~ (0-3)|abs ~ "7.9"|int', '31.2637'],
    ['{"a": "<"}|json', '{&#34;a&#34;:&#34;&lt;&#34;}'],
    ['"<b>"|safe', '<b>'],
    ['"<"|escape ~ ""', '&lt;'],
    ['"a b&c"|urlencode', 'a%20b%26c'],
    ['"<\n>"|nl2br', '&lt;<br>&gt;'],
    ['"a\n\nb\n<"|linebreaks', '<p>a</p>\n<p>b<br>&lt;</p>'],
    ['"<b>x</b>"|striptags', 'x'],
    [
      '"see http://x.de/?a=1&b=\'<i>, ok"|urlize',
      'see <a href="http://x.de/?a=1&amp;b=" rel="nofollow noopener">http://x.de/?a=1&amp;b=</a>&#39;&lt;i&gt;, ok',
    ],
    ['1|filesizeformat ~ 1500|filesizeformat ~ 5200000|filesizeformat', '1 byte1.5 kB5.2 MB'],
  ]
  for (const [expression, expected, data] of cases)
    assert.equal(show(expression.replaceAll('\n', '\\n'), { when, ...data }), expected, expression)
})

test('filters take whatever there is', () => {
  const filters = [...builtinFilters(TEMPLATE_LIMITS)]
  const value = fc.oneof(
    fc.jsonValue(),
    fc.constant(undefined),
    fc.date(),
    fc.constantFrom(new Map([[1, 2]]), new Set(['a']), Number.NaN, 10n),
  )
  fc.assert(
    fc.property(
      fc.constantFrom(...filters.map(([name]) => name)),
      value,
      fc.array(value, { maxLength: 2 }),
      (name, x, args) => {
        const names = args.map((_, i) => `a${i}`)
        const expression = `x|${name}(${names.join(', ')})`
        try {
          show(expression, { x, a0: args[0], a1: args[1] })
        } catch (error) {
          if (!(error instanceof TemplateError)) throw error // an error with a place is an answer
        }
      },
    ),
    { numRuns: 3000 },
  )
})

test('no text of a visitor makes a filter slow', () => {
  const hostile = [
    '<'.repeat(100_000),
    `https://${'.'.repeat(100_000)}x`,
    `https://a${'!)'.repeat(50_000)}x`,
    'https://'.repeat(12_500),
    ' '.repeat(100_000),
    `${'\n '.repeat(50_000)}x`,
    '&'.repeat(100_000),
    `${'-'.repeat(100_000)}x`,
    "'".repeat(100_000),
  ]
  const filters = [
    'striptags',
    'urlize',
    'linebreaks',
    'nl2br',
    'slugify',
    'title',
    'wordcount',
    'truncatewords',
    'truncate',
    'trim',
    'escape',
  ]
  for (const filter of filters)
    for (const text of hostile) {
      const before = process.cpuUsage().user
      show(`x|${filter}`, { x: text })
      const spent = (process.cpuUsage().user - before) / 1000
      assert.ok(spent < 500, `${filter} takes ${spent} ms for ${text.slice(0, 12)}…`)
    }
})

test('truncate counts the same characters whether or not a text is plain', () => {
  const characters = new Intl.Segmenter('en', { granularity: 'grapheme' })
  const piece = fc.constantFrom(
    'a',
    ' ',
    'é',
    '\u00ad',
    '\u02ff',
    '\r',
    '\n',
    '\r\n',
    '\u0301',
    '👩‍👩‍👧',
    '\u200d',
    '한',
    '🇩🇪',
  )
  const templates = new Templates({ t: '{{ text|truncate(n) }}' })
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), fc.integer({ min: 1, max: 8 }), (pieces, n) => {
      const text = pieces.join('')
      const all = [...characters.segment(text)].map(({ segment }) => segment)
      const cut =
        all.length <= n
          ? text
          : `${all
              .slice(0, n - 1)
              .join('')
              .trimEnd()}…`
      assert.equal(templates.render('t', { text, n }), cut)
    }),
    { numRuns: 500 },
  )
})
