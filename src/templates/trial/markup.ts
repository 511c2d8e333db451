/** Templates made at random, with outputs in them: for comparing where we think they stand with where they arrive. */
import fc from 'fast-check'

/** Stands for an output: the n-th in a template becomes `{{ xn }}`. */
export const OUT = '\u0000'

const ELEMENTS = (
  'p div b a span table tr td caption colgroup col select option optgroup template noscript svg math title desc ' +
  'foreignObject g path style script textarea pre iframe xmp noembed mi mtext annotation-xml mglyph malignmark li ' +
  'button form input br hr h1 image font body html head listing details summary frameset object'
).split(' ')
const ATTRIBUTES = (
  'title href src style onclick class data-x srcdoc srcset type encoding xlink:href value content http-equiv to ' +
  'attributename values data-url id'
).split(' ')
const VALUES = [
  'a',
  '/p?',
  'text/html',
  'javascript:',
  'f(',
  "'",
  '"',
  '&quot;',
  '&#34',
  '&quot=',
  '&lt;p title=&quot;',
  'color:',
  'url(',
  '/',
  '//',
  '/*',
  '\\',
  'refresh',
  'application/json',
  '5;url=',
  '&',
  '&am',
  '&amp;',
  '<',
  '>',
  '-->',
  '</script',
  '</title>',
  '&NewLine;',
  '&fjlig;',
  '&colon',
  'href',
]
const TEXTS = [
  'text',
  ' ',
  '\n',
  '<',
  '>',
  '&',
  '&lt',
  '/',
  '"',
  "'",
  '=',
  '-',
  '!',
  '--',
  '-->',
  '--!>',
  '<!--',
  '<!-->',
  '<!--->',
  '<!---!>',
  '<!',
  '<!x',
  '<?',
  '</',
  '</ ',
  '</>',
  '<!doctype html>',
  '<!DOCTYPE "',
  '<![CDATA[',
  ']]>',
  '<!--<!--',
  '<script>var a = "',
  '<script>/*',
  '</script>',
  '<style>a{b:"',
  '</style>',
  '<title>',
  '</title>',
  '<textarea>',
  '</textarea>',
  '<plaintext>',
  '`',
  '{',
  '}',
  ';',
  '</noscript>',
  '</p>',
  '</br>',
  '</svg>',
  '</math>',
  '</select>',
  '</template>',
]

/** What may stand in a script: places in strings, in code, in literals. */
const SCRIPTS = [
  `f("${OUT}")`,
  `f('a${OUT}')`,
  `f(${OUT})`,
  `\`${OUT}\${${OUT}}\``,
  'a = /"/;',
  'a / 2;',
  '// "\n',
  '/* " */',
  'if (a) /"/.b;',
  'f(&quot;',
  '&quot;)',
  '&quot=',
  '&quot',
  '&#34',
  '&#x22;',
  'a&fjlig;/1;',
  '&sol;&quot;&sol;',
  '&#39;',
  ';',
  ' ',
  '"',
  "'",
  '\\',
]

/** The parts of a template: a text, or an output. */
export type Pieces = readonly string[]
/** Pieces of one text, cut where an output is. */
export const cut = (text: string): Pieces => text.split(new RegExp(`(?<=${OUT})|(?=${OUT})`))

const quoted = fc
  .tuple(
    fc.constantFrom(...ATTRIBUTES),
    fc.constantFrom('"', '"', "'", ''),
    fc.array(fc.constantFrom(...VALUES, OUT, OUT, OUT, OUT, OUT, OUT, OUT, OUT, OUT, OUT), { maxLength: 3 }),
  )
  .map(([name, quote, parts]): Pieces => {
    const fitting = parts.filter((part) => quote === '' || !part.includes(quote))
    return [` ${name}=${quote}`, ...fitting, quote === '' && fitting.length === 0 ? 'a' : quote]
  })
const handler = fc
  .tuple(fc.constantFrom(' onclick="', ' @click="', ' :a="'), fc.array(fc.constantFrom(...SCRIPTS), { maxLength: 3 }))
  .map(([name, parts]): Pieces => [name, ...parts.flatMap((part) => cut(part.replaceAll('"', '&quot;'))), '"'])
/** Character references at which the readings of a script in an attribute part. */
const REFERENCES = [
  ...[
    '&quot;',
    '&quot',
    '&quot=',
    '&quot1',
    '&QUOT;',
    '&#34;',
    '&#34',
    '&#x22;',
    '&#X22',
    '&#0000000000000034;',
    '&#34a',
    '&#',
    '&#x',
    '&',
  ],
  ...[
    '&apos;',
    '&apos',
    '&sol;',
    '&bsol;',
    '&bsol;&quot;',
    '&lt',
    '&lt;',
    '&amp;quot;',
    '&amp',
    '&fjlig;',
    '&eacute',
    '&#150;',
    '&#0;',
  ],
  ...[
    '&NewLine;',
    '&Tab;',
    '&grave;',
    '&dollar;&lcub;',
    '&ast;',
    '&quot&quot',
    '&#x110000;',
    '&#xd800;',
    '&copy',
    '&copy=',
    '&notit;',
  ],
]
const referring = fc
  .tuple(
    fc.constantFrom('f("', "f('", 'f(`', 'f(', 'a ', 'a /', 'f("a"+"', '/* ', 'a.'),
    fc.array(fc.constantFrom(...REFERENCES, 'a', '1', ';', ' ', '/', '"', '=', '+'), { minLength: 1, maxLength: 3 }),
    fc.constantFrom(
      ` + "${OUT}")`,
      `${OUT}")`,
      `"+'${OUT}')`,
      `;f("${OUT}")`,
      `/1;f('${OUT}')`,
      `";f(${OUT})`,
      `*/f("${OUT}")`,
      '"',
    ),
  )
  .map((parts): Pieces => [" onclick='", ...cut(parts.flat().join('').replaceAll("'", '&#39;')), "'"])
const attribute: fc.Arbitrary<Pieces> = fc.oneof(
  { weight: 6, arbitrary: quoted },
  { weight: 2, arbitrary: handler },
  { weight: 3, arbitrary: referring },
  fc.constantFrom(...ATTRIBUTES).map((name) => [` ${name}`]),
  fc.constantFrom([' ', OUT, ' '], [' data-', OUT, '=1'], ['/'], [' ']),
)
const raw: fc.Arbitrary<Pieces> = fc.oneof(
  fc
    .array(fc.constantFrom(...SCRIPTS), { maxLength: 4 })
    .map((parts) => ['<script>', ...parts.flatMap(cut), '</script>']),
  fc
    .tuple(
      fc.constantFrom('style', 'title', 'textarea', 'noscript', 'xmp', 'iframe'),
      fc.array(fc.constantFrom(...TEXTS, OUT, OUT, OUT, OUT, OUT, OUT, OUT, OUT, OUT, OUT), { maxLength: 3 }),
    )
    .map(([name, parts]) => [`<${name}>`, ...parts, `</${name}>`]),
  fc.constantFrom('<!--', '<!-- ', '<!--a').map((open) => [open, OUT, '-->']),
)

const { tree } = fc.letrec<{ tree: Pieces }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5, depthSize: 'large', withCrossShrink: true },
    fc.constant([OUT]),
    raw,
    fc
      .tuple(
        fc.constantFrom(...ELEMENTS),
        fc.array(attribute, { maxLength: 3 }),
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.constantFrom('>', '>', '>', '>', '>', '/>'),
      )
      .map(([name, attributes, children, end]): Pieces => {
        return [`<${name}`, ...attributes.flat(), end, ...children.flat(), `</${name}>`]
      }),
  ),
}))

/** Something in it that does not belong there. */
const mutation = fc.tuple(
  fc.nat(1_000_000),
  fc.constantFrom('delete', 'insert', 'insert', 'double'),
  fc.oneof(
    fc.constantFrom(...TEXTS),
    fc.constantFrom(...ELEMENTS).chain((name) => fc.constantFrom(`</${name}>`, `<${name}>`)),
  ),
)

/** What something may stand in, with what closes it again. */
const AROUND: readonly (readonly [open: string, close: string])[] = [
  ...[
    'svg',
    'math',
    'select',
    'template',
    'table',
    'noscript',
    'p',
    'b',
    'a',
    'div',
    'g',
    'title',
    'desc',
    'foreignObject',
    'mi',
    'mtext',
  ],
  ...[
    'annotation-xml',
    'option',
    'td',
    'colgroup',
    'button',
    'body',
    'ul',
    'span',
    'image',
    'mglyph',
    'path',
    'textPath',
    'form',
    'head',
  ],
].map((name) => [`<${name}>`, `</${name}>`] as const)
const ODD: typeof AROUND = [
  ['<svg><title>', '</title></svg>'],
  ['<svg><desc>', '</desc></svg>'],
  ['<svg><foreignObject>', '</foreignObject></svg>'],
  ['<svg><g>', '</svg>'],
  ['<math><mi>', '</mi></math>'],
  ['<math><annotation-xml encoding="text/html">', '</annotation-xml></math>'],
  ['<math><annotation-xml encoding="TEXT/html" encoding=a>', '</annotation-xml></math>'],
  ['<math><annotation-xml encoding=a>', '</annotation-xml></math>'],
  ['<math><annotation-xml><svg>', '</svg></annotation-xml></math>'],
  ['<template><col>', '</template>'],
  ['<template><link><col>', '</template>'],
  ['<table><template></template><col>', '</table>'],
  ['<svg><g/>', '</svg>'],
  ['<svg><br>', '</svg>'],
  ['<svg><font>', '</font></svg>'],
  ['<svg><p>', '</p></svg>'],
  ['<svg><title></title>', '</svg>'],
  ['<div><svg></div>', '</svg>'],
  ['<svg><foreignObject><p></foreignObject>', '</p></foreignObject></svg>'],
  ['<svg><desc><br>', '</desc></svg>'],
  ['<svg><style>', '</style></svg>'],
  ['<math><mi><mglyph>', '</mglyph></mi></math>'],
  ['<select></select>', ''],
  ['<select><template></select>', '</template></select>'],
  ['<select><input>', '</select>'],
  ['<frameset>', '</frameset>'],
  ['<noscript><svg>', '</svg></noscript>'],
  ['<svg></svg>', ''],
  ['<svg/>', ''],
]
/** What a browser reads in another way in some of them, with its end. */
const SPECIAL: typeof AROUND = [
  ...[
    'style',
    'script',
    'title',
    'textarea',
    'xmp',
    'iframe',
    'noscript',
    'noembed',
    'noframes',
    'svg',
    'math',
    'div',
    'desc',
  ].map((name) => [`<${name}>`, `</${name}>`] as const),
  ['<![CDATA[', ']]>'],
  ['<!--', '-->'],
  ['<plaintext>', ''],
  ['<style/>', ''],
  ['<title/>', ''],
  ['<script/>', ''],
]
/** What shows where the other one ends: an output is in an attribute, or is not. */
const puzzle = fc
  .tuple(
    fc.array(fc.constantFrom(...AROUND, ...ODD, ...ODD), { maxLength: 3 }),
    fc.constantFrom(...SPECIAL),
    fc.constantFrom<Pieces>(
      ['<a title="', '', OUT, '">', OUT],
      ['<a title="', OUT, '"></a>', '', OUT],
      ['<p>', OUT, '</p>', '', OUT],
      [OUT, '', '<a title="', OUT, '"></a>'],
      ['<!--', '', OUT, '-->', OUT],
    ),
  )
  .map(
    ([around, [open, close], inside]): Pieces => [
      ...around.map(([begins]) => begins),
      open,
      ...inside.map((piece) => (piece === '' ? close : piece)),
      ...around.map(([, ends]) => ends).reverse(),
    ],
  )

const referrer = referring.map((pieces): Pieces => ['<p', ...pieces, '>'])

/** The pieces of a template of HTML. */
export const markup: fc.Arbitrary<Pieces> = fc
  .tuple(
    fc.array(fc.oneof(tree, puzzle, referrer), { minLength: 1, maxLength: 2 }),
    fc.array(mutation, { maxLength: 2 }),
  )
  .map(([trees, mutations]) => {
    let pieces: Pieces = [...trees.flat(), OUT]
    for (const [place, kind, text] of mutations) {
      const at = place % pieces.length
      if (kind === 'delete' && pieces.length > 1) pieces = pieces.toSpliced(at, 1)
      else pieces = pieces.toSpliced(at, 0, kind === 'double' ? pieces[at]! : text)
    }
    return pieces
  })
