/** Scripts made at random, full of what could be read in two ways: for comparing our reading with a parser's. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are pieces of JavaScript
import fc from 'fast-check'

/** What may stand between two tokens. */
const GAPS = ['', '', ' ', ' ', ' ', '\n', '/* " */', '/*\n*/', "// '\n", ' \t', '\u00a0', '\u2028', '/**/ /*/*/']
const NAMES = 'a b of let yield await async get set static from as target x$ _ é 𠮷 instance forin ifs iff if_'.split(
  ' ',
)
const PROPERTIES = [
  ...NAMES,
  ...'in if for while with return typeof of default case else do new delete void'.split(' '),
]
const NUMBERS = ['1', '1.', '.5', '1.5', '0x1f', '1e5', '1n', '0b1', '1_000', '1.e3']
const STRINGS = ['"/"', "'/'", '"\'"', "'\"'", '"\\""', "'\\\\'", '"a\\\nb"', '"//"', '"/*"', "''", '"`${"', '"</"']
const PATTERNS = [
  '/"/',
  "/'/g",
  '/[/"]/',
  '/\\//',
  '/[\\]/]/u',
  '/`/',
  '/a/g.source',
  '/(?:)/',
  '/{/',
  '/=/',
  '/[[]/',
  '/\\[/',
]
const BINARY =
  '+ - * / % ** == === != < > <= >= & | ^ && || ?? << >> >>> in instanceof , = += /= *= -= %= ??= &&='.split(' ')
const UNARY = ['+', '-', '!', '~', '++', '--', 'typeof', 'void', 'delete', 'await', 'yield', 'new', '...']

type Tokens = readonly string[]
const one = (...choices: readonly string[]) => fc.constantFrom(...choices).map((text): Tokens => [text])
const tokens = (...parts: readonly (string | fc.Arbitrary<Tokens>)[]): fc.Arbitrary<Tokens> =>
  fc.tuple(...parts.map((part) => (typeof part === 'string' ? fc.constant([part]) : part))).map((all) => all.flat())

const { statement, expression } = fc.letrec<{ expression: Tokens; statement: Tokens }>((tie) => {
  const e = tie('expression')
  const s = tie('statement')
  const name = one(...NAMES)
  const leaf = fc.oneof(
    { weight: 3, arbitrary: name },
    { weight: 2, arbitrary: one(...NUMBERS) },
    { weight: 2, arbitrary: one(...STRINGS) },
    { weight: 4, arbitrary: one(...PATTERNS) },
    one(
      'this',
      'null',
      'true',
      '[]',
      '({})',
      '`"/`',
      '``',
      '(a)',
      'b[0]',
      'a.in',
      'a?.if',
      'f()',
      'new.target',
      'import.meta',
      'super.x',
    ),
  )
  const key = one(...PROPERTIES, '"k"', '1', '[a]', '#p')
  const body = tokens('{', s, '}')
  const parameters = one('()', '(a)', '(a, b)', '(a = /"/)', '({ a })', '(...a)')
  return {
    expression: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      leaf,
      tokens(e, one(...BINARY), e),
      tokens(e, one(...BINARY), e),
      tokens(e, one('++', '--')),
      tokens(one(...UNARY), e),
      tokens('(', e, ')'),
      tokens('[', e, ',', e, ']'),
      tokens('{', key, ':', e, ',', key, parameters, body, '}'),
      tokens('({', key, ':', e, '})'),
      tokens(e, '.', one(...PROPERTIES)),
      tokens(e, '?.', one(...PROPERTIES)),
      tokens(e, '[', e, ']'),
      tokens(e, '(', e, ')'),
      tokens('`x${', e, '}/"`'),
      tokens(e, '`${', e, "}'`"),
      tokens(e, '?', e, ':', e),
      tokens('function', parameters, body),
      tokens('class', '{', key, '=', e, ';', 'static', key, parameters, body, '}'),
      tokens('class', 'extends', e, '{', '}'),
      tokens(parameters, '=>', e),
      tokens(parameters, '=>', body),
      tokens('async', parameters, '=>', body),
      tokens('import(', e, ')'),
    ),
    statement: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      tokens(e, ';'),
      tokens(e, '\n', e),
      tokens(e, ';', s),
      tokens(one('var', 'let', 'const'), name, '=', e, ';'),
      tokens('if', '(', e, ')', s),
      tokens('if', '(', e, ')', e, ';', 'else', s),
      tokens('while', '(', e, ')', s),
      tokens('do', s, 'while', '(', e, ')', s),
      tokens('for', '(', e, ';', e, ';', e, ')', s),
      tokens('for', '(', 'const', name, one('of', 'in'), e, ')', s),
      tokens('for', 'await', '(', 'const', name, 'of', e, ')', s),
      tokens('with', '(', e, ')', s),
      tokens('{', s, '}', s),
      tokens('{', s, '}', e, ';'),
      tokens('switch', '(', e, ')', '{', 'case', e, ':', s, 'default', ':', s, '}'),
      tokens('try', body, 'catch', '(', name, ')', body, s),
      tokens('function', name, parameters, '{', s, 'return', e, '}', s),
      tokens('function', '*', name, parameters, '{', 'yield', e, '}', e),
      tokens('throw', e, '\n', s),
      tokens(name, ':', s),
      tokens('export', 'default', e, '\n'),
      tokens('import', name, 'from', one(...STRINGS), '\n', s),
      tokens(one('break', 'continue', 'debugger'), '\n', s),
    ),
  }
})

/** Ends of what may stand before a `/`: whether it divides depends on them. */
const ENDS = [
  ...PROPERTIES.flatMap((name) => [
    `a.${name}`,
    `a?.${name}`,
    `a.#${name}`,
    `a\n.${name}`,
    `a./**/${name}`,
    `import.${name}`,
    name,
  ]),
  ...NUMBERS.flatMap((number) => [number, `${number}.in`, `${number}.a`]),
  ...STRINGS,
  ...PATTERNS,
  ...PATTERNS.map((pattern) => `${pattern}.a`),
  ...'a.if(b) if(b) a.for(b) for(;;) while(b) a.with(b) of(b) await(b) typeof(b) return(b) [a] ({}) {} a++ b-- ++a'.split(
    ' ',
  ),
  ...'1..a 1..in 1.5.in 089. 08.5 017.in throw class extends this null do;else `a` a`b` `a${b}` a`${b}`'.split(' '),
  ...[
    'do;while(a)',
    'if/**/(a)',
    'if\n(a)',
    'if(a)b\n++',
    'a\n--',
    'for await(a of b)',
    'for(const a of',
    'for(a in',
    'for(of of',
  ],
  ...[
    'function(){}',
    'class{}',
    'a=>{}',
    '`a${b}`',
    'export default',
    'import a from "a"',
    'import "a"',
    'export{a}from"a"',
  ],
  ...[
    'break',
    'continue',
    'debugger',
    'x:',
    'a?b:',
    '{a:',
    '...',
    '(',
    '[',
    ',',
    '!',
    '=',
    '=>',
    '<',
    '>',
    '&&',
    '??',
    '<!',
    '- -',
    '--',
  ],
]
/** What may stand from the `/` on; a quote in it is hidden or not. */
const SLASHES = [
  '/ 2 + "/"',
  '/"/',
  '/"/.a',
  "/'/ / 1",
  '++\n/"/',
  '-- / 1 + "/"',
  '`/`',
  '\n/"/',
  '/ a / "/"',
  '/"/g',
  '/[/"]/',
  '\n++/"/.a',
]
/** What the doubtful place stands in, as `@`. */
const INSIDE = [
  ...[
    '@',
    '@',
    '@;',
    '{@}',
    'if(a){@}',
    'a=@',
    '(@)',
    '[@]',
    '({a:@})',
    '`${@}/"`',
    'a`${@}`',
    'x=>@',
    'f(@)',
    '@)',
    '@]',
    '@}',
    '@;a)',
  ],
  ...[
    'function*f(){@}',
    'async function f(){@}',
    'async()=>{@}',
    'class A{#a;#in;#if;b(){@}}',
    'class A{a=@}',
    'switch(a){case @:}',
  ],
  ...['for(;@;);', 'while(@);', 'try{@}catch(e){}', 'a:@', '/* " */@', '// "\n@', '"/";@'],
]

/** Scripts of one doubtful place. */
const probes: fc.Arbitrary<string> = fc
  .tuple(fc.constantFrom(...INSIDE), fc.constantFrom(...ENDS), fc.constantFrom(...GAPS), fc.constantFrom(...SLASHES))
  .map(([inside, end, gap, slash]) => inside.replace('@', () => end + gap + slash))

/** Scripts of everything. */
const soups: fc.Arbitrary<string> = fc
  .tuple(
    fc.oneof({ weight: 2, arbitrary: statement }, { weight: 1, arbitrary: expression }),
    fc.infiniteStream(fc.constantFrom(...GAPS)),
  )
  .map(([list, gaps]) => list.map((token) => token + gaps.next().value).join(''))

/** A script, in which most are none that a parser would take: the caller asks it. */
export const scripts: fc.Arbitrary<string> = fc.oneof({ weight: 2, arbitrary: probes }, { weight: 1, arbitrary: soups })
