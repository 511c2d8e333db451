/** Character references, as far as they can hide what a language inside an attribute reacts to. */

const NAMED: { readonly [name: string]: string } = {
  quot: '"',
  QUOT: '"',
  apos: "'",
  amp: '&',
  AMP: '&',
  lt: '<',
  LT: '<',
  gt: '>',
  GT: '>',
  colon: ':',
  sol: '/',
  bsol: '\\',
  quest: '?',
  num: '#',
  lpar: '(',
  rpar: ')',
  lsqb: '[',
  lbrack: '[',
  rsqb: ']',
  rbrack: ']',
  lcub: '{',
  lbrace: '{',
  rcub: '}',
  rbrace: '}',
  grave: '`',
  dollar: '$',
  ast: '*',
  plus: '+',
  hyphen: '-',
  excl: '!',
  comma: ',',
  semi: ';',
  equals: '=',
  Tab: '\t',
  NewLine: '\n',
  nbsp: '\u00a0',
  commat: '@',
  period: '.',
  lowbar: '_',
  percnt: '%',
}

/** The character that `&…;` stands for; the text itself when it stands for none that matters here. */
export function decodeEntity(text: string): string {
  const match = /^&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|(\w+));?$/.exec(text)
  if (!match) return text
  const [, decimal, hex, name] = match
  if (name !== undefined) return NAMED[name] ?? text
  const code = decimal === undefined ? Number.parseInt(hex!, 16) : Number(decimal)
  return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd'
}
