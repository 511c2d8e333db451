/** Style sheets made at random, with outputs in them. */
import fc from 'fast-check'
import { cut, OUT, type Pieces } from './markup.ts'

const STYLES = [
  'p',
  '.a',
  '#b',
  '[c="',
  ']',
  '{',
  '}',
  '}',
  'content:',
  'color:',
  'background:',
  'font-family:',
  'width:',
  ';',
  ';',
  ' ',
  '\n',
  '"',
  '"',
  "'",
  "'",
  '(',
  ')',
  'url(',
  'url( "',
  'URL(',
  "url('",
  'u\\72l(',
  '\\75 rl(',
  '\\"',
  '\\',
  '\\\n',
  '\\22 ',
  'éurl(',
  '#url(',
  '1url(',
  '-url(',
  'rgb(',
  'image-set("',
  '/*',
  '*/',
  '/',
  '*',
  '<!--',
  '-->',
  '<!--url(',
  '@media ',
  '@import ',
  '@import url(',
  '@im\\70ort ',
  '@font-face{src:',
  'a',
  'red',
  ',',
  ':',
  '@',
  '/a?b=',
  'data:image/png;base64,',
  'javascript:',
  '!important',
]

const STRING_VALUES = [`"i${OUT}j"`, `'${OUT}'`, '"b"', `'\\'${OUT}'`, `"\\22 ${OUT}"`, '"/* "', `"\\\n${OUT}"`]
const URL_VALUES = [
  'url(/d)',
  'url( "/e" )',
  `url(${OUT})`,
  `url(/f${OUT}g )`,
  `URL("${OUT}")`,
  `url( 'h${OUT}' )`,
  `url(\n/${OUT})`,
  'url("\\")")',
]
const NAME_VALUES = [OUT, `a${OUT}`, 'b', `c-${OUT}-d`, '\\"e', '\\31 f']
const GAPS = [' ', '/* " */', '\n', '/* url( */', ' ']

/** Values of a property, with gaps or commas between them. */
const values = (choices: readonly string[], comma: string) =>
  fc
    .array(fc.tuple(fc.constantFrom(...choices), fc.constantFrom(...GAPS)), { minLength: 1, maxLength: 3 })
    .map((parts) => parts.map(([value, gap], i) => (i === 0 ? '' : comma) + gap + value).join(''))
const declaration = fc
  .oneof(
    values([...STRING_VALUES, ...URL_VALUES], '').map((value) => `content:${value}`),
    values(URL_VALUES, ',').map((value) => `background-image:${value}`),
    values(NAME_VALUES, ',').map((value) => `will-change:${value}`),
    values(NAME_VALUES, '').map((value) => `counter-reset:${value}`),
    values(URL_VALUES, ',').map((value) => `cursor:${value},auto`),
  )
  .map((text): Pieces => cut(`${text};`))
const rule = fc
  .tuple(
    fc.constantFrom(
      'p',
      `.a${OUT}`,
      `#b-${OUT}`,
      `[c="${OUT}"]`,
      '@media print{p',
      '@supports (a:b)',
      '@font-face',
      `@keyframes ${OUT}`,
    ),
    fc.array(declaration, { minLength: 1, maxLength: 3 }),
    fc.constantFrom('}', '}', '}', '} <!-- ', ''),
  )
  .map(
    ([selector, declarations, end]): Pieces => [
      ...cut(selector),
      '{',
      ...declarations.flat(),
      selector.includes('{') ? `}${end}` : end,
    ],
  )

/** The pieces of a style sheet, and of the value of a style attribute. */
export const styles: fc.Arbitrary<Pieces> = mutatedStyle(fc.array(rule, { minLength: 1, maxLength: 3 }))
export const declarations: fc.Arbitrary<Pieces> = mutatedStyle(fc.array(declaration, { minLength: 1, maxLength: 3 }))

function mutatedStyle(whole: fc.Arbitrary<readonly Pieces[]>): fc.Arbitrary<Pieces> {
  const change = fc.option(fc.tuple(fc.nat(1_000_000), fc.constantFrom(...STYLES)))
  return fc.tuple(whole, change).map(([parts, changed]) => {
    const pieces = parts.flat()
    return changed === null ? pieces : pieces.toSpliced(changed[0] % (pieces.length + 1), 0, changed[1])
  })
}
