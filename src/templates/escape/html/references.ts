/** Character references in the values of attributes (HTML §13.2.5.72 to 80), as far as a language could react to them. */

/** Every name whose characters are not all beyond ASCII. */
const ASCII: { readonly [name: string]: string } = {
  Tab: '\t',
  NewLine: '\n',
  excl: '!',
  quot: '"',
  QUOT: '"',
  num: '#',
  dollar: '$',
  percnt: '%',
  amp: '&',
  AMP: '&',
  apos: "'",
  lpar: '(',
  rpar: ')',
  ast: '*',
  midast: '*',
  plus: '+',
  comma: ',',
  period: '.',
  sol: '/',
  colon: ':',
  semi: ';',
  lt: '<',
  LT: '<',
  nvlt: '<\u20d2',
  equals: '=',
  bne: '=\u20e5',
  gt: '>',
  GT: '>',
  nvgt: '>\u20d2',
  quest: '?',
  commat: '@',
  lsqb: '[',
  lbrack: '[',
  bsol: '\\',
  rsqb: ']',
  rbrack: ']',
  Hat: '^',
  lowbar: '_',
  UnderBar: '_',
  grave: '`',
  DiacriticalGrave: '`',
  lcub: '{',
  lbrace: '{',
  verbar: '|',
  vert: '|',
  VerticalLine: '|',
  rcub: '}',
  rbrace: '}',
  fjlig: 'fj',
}

/** The names of U+00A0 to U+00FF, in order. They count without a semicolon, too. */
const LATIN = (
  'nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute micro ' +
  'para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil ' +
  'Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave ' +
  'Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml ' +
  'igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute ' +
  'thorn yuml'
).split(' ')

const NAMED = new Map<string, string>([
  ...Object.entries(ASCII),
  ...LATIN.map((name, i) => [name, String.fromCharCode(0xa0 + i)] as const),
  ['COPY', '\u00a9'],
  ['REG', '\u00ae'],
])

/** Names that count without a semicolon, for compatibility. */
const WITHOUT_SEMICOLON = new Set([...LATIN, 'COPY', 'REG', 'quot', 'QUOT', 'amp', 'AMP', 'lt', 'LT', 'gt', 'GT'])

/** Numbers 0x80 to 0x9F mean Windows-1252 (HTML §13.2.5.80). */
const WINDOWS =
  '\u20ac\u0081\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u008d\u017d\u008f' +
  '\u0090\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u009d\u017e\u0178'

export interface Reference {
  /** The characters that the browser will see. */
  readonly chars: string
  /** Whether the semicolon behind belongs to the reference. */
  readonly closed: boolean
  /** Whether this table does not know the name, and `chars` stands for some character beyond ASCII, or for the text. */
  readonly unknown: boolean
}

/** Whether `char` goes on with the reference that `begun` (`&`, `&#x2`, `&am`) has begun. */
export function referenceGoesOn(begun: string, char: string): boolean {
  if (begun === '&') return /[#A-Za-z0-9]/.test(char)
  if (begun === '&#') return /[xX0-9]/.test(char)
  if (/^&#[xX]/.test(begun)) return /[0-9A-Fa-f]/.test(char)
  return begun[1] === '#' ? /[0-9]/.test(char) : /[A-Za-z0-9]/.test(char)
}

/** What `begun` means in an attribute's value, where `char` (empty at the end) is the first that does not go on with it. */
export function readReference(begun: string, char: string): Reference {
  const closed = char === ';'
  const number = /^&#(?:[xX]([0-9A-Fa-f]+)|([0-9]+))$/.exec(begun)
  if (number) {
    const code = number[1] === undefined ? Number(number[2]) : Number.parseInt(number[1], 16)
    return { chars: numbered(code), closed, unknown: false }
  }
  const name = begun.slice(1)
  const literal = { chars: begun, closed: false, unknown: false }
  if (name === '' || name.startsWith('#')) return literal
  const chars = NAMED.get(name)
  if (closed)
    return chars === undefined ? { chars: '\ufffd', closed, unknown: true } : { chars, closed, unknown: false }
  // In an attribute, `&copy=` and `&copyx` are text (HTML §13.2.5.73).
  return chars === undefined || char === '=' || !WITHOUT_SEMICOLON.has(name)
    ? literal
    : { chars, closed, unknown: false }
}

function numbered(code: number): string {
  if (code === 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return '\ufffd'
  return code >= 0x80 && code <= 0x9f ? WINDOWS[code - 0x80]! : String.fromCodePoint(code)
}

/** The text that HTML without tags shows; names that are not known stay. */
export function readReferences(html: string): string {
  return html.replace(/&(?:#[xX][0-9A-Fa-f]+|#[0-9]+|[A-Za-z0-9]+);?/g, (all: string) => {
    const begun = all.endsWith(';') ? all.slice(0, -1) : all
    const { chars, closed, unknown } = readReference(begun, all.endsWith(';') ? ';' : '')
    if (unknown) return all
    return closed || begun === all ? chars : `${chars};`
  })
}
