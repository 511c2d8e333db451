/**
 * Cases of structured fields (RFC 9651), in our own words: each rule of §3 and §4.2 once as it may be and once as it may not.
 * `[kind, text]` is refused; `[kind, text, canonical]` is read, and written as `canonical`.
 */
export type Kind = 'item' | 'list' | 'dictionary'
export type Case = readonly [kind: Kind, text: string, canonical?: string]

/** A case whose canonical form is the text itself. */
const same = (kind: Kind, ...texts: readonly string[]): Case[] => texts.map((text) => [kind, text, text])
const refused = (kind: Kind, ...texts: readonly string[]): Case[] => texts.map((text) => [kind, text])

const DIGITS = '999999999999999'

export const CASES: readonly Case[] = [
  // §3.3.1 Integers
  ...same('item', '0', '-1', '42', DIGITS, `-${DIGITS}`),
  ['item', '-0', '0'],
  ['item', '007', '7'],
  ['item', '-042', '-42'],
  ...refused('item', '', '-', '--1', '+1', '1e3', '0x1', '1 2', `${DIGITS}0`, `-${DIGITS}0`, '٣', '1,000'),
  // §3.3.2 Decimals
  ...same('item', '0.5', '-1.25', '1.234', '999999999999.999', '1.0'),
  ['item', '1.50', '1.5'],
  ['item', '1.000', '1.0'],
  ['item', '-0.0', '0.0'],
  ['item', '00.10', '0.1'],
  ...refused('item', '.5', '1.', '1.2345', '1..2', '1.2.3', '1.-2', '9999999999999.9', '999999999999999.9', '-.5'),
  // §3.3.3 Strings
  ...same('item', '""', '"plain"', '"a \\"quote\\" and a \\\\"', '" !#$%&()*+,-./:;<=>?@[]^_`{|}~"', '"a, b;c=d"'),
  ...refused('item', '"', '"open', '"a\\"', '"a\\b"', '"\t"', '"\n"', '"\x00"', '"\x7f"', '"ü"', "'a'", '"a" "b"'),
  // §3.3.4 Tokens
  ...same('item', 'a', 'A', '*', '*a', "a!#$%&'*+-.^_`|~:/", 'text/html', 'a2'),
  ...refused('item', '!a', 'a b', 'a,b', 'a"b', 'ä', 'a(b)', 'a@b', '/a'),
  // §3.3.5 Byte sequences
  ...same('item', '::', ':AA==:', ':AAE=:', ':aGVsbG8=:', ':+/+/:'),
  ['item', ':aGVsbG8:', ':aGVsbG8=:'],
  ...refused(
    'item',
    ':',
    ':aGVsbG8=',
    ':a:',
    ':_-_-:',
    ':aGVs bG8=:',
    ':=:',
    ':aG=VsbG8:',
    ':aGVsbG8===:',
    ':ü:',
    ':AB==:',
  ),
  // §3.3.6 Booleans
  ...same('item', '?0', '?1'),
  ...refused('item', '?', '?2', '?true', '?T', '? 1', '?01', '?10'),
  // §3.3.7 Dates
  ...same('item', '@0', '@1659578233', '@-62135596800'),
  ...refused('item', '@', '@1.5', '@a', '@"1"', '@ 1', '@1659578233.0', `@${DIGITS}0`),
  // §3.3.8 Display strings
  ...same('item', '%""', '%"plain"', '%"gr%c3%bc%c3%9fe"', '%"%25 and %22"', '%"%f0%9f%8c%8d"', '%"\\"', '%"%00%0a"'),
  ['item', '%"%41"', '%"A"'],
  ...refused(
    'item',
    '%',
    '%"',
    '%"a',
    '%a',
    '%"%"',
    '%"%c"',
    '%"%C3%BC"',
    '%"%c3"',
    '%"%ff"',
    '%"%ed%a0%80"',
    '%"ü"',
    '%"\t"',
    '%"%c0%80"',
  ),
  // §3.3 Items with space around them, and with parameters
  ['item', '   1   ', '1'],
  ...refused('item', '\t1', '1\t', '1\n', '\u00a01', '1\u2003'),
  ...same('item', 'a;b', 'a;b=1;c="x"', 'a;*b=?0', 'a;b=:AA==:', 'a;b=@1', 'a;b=%"c"', 'a;b.c_d-e*=1'),
  ['item', 'a; b;  c=2', 'a;b;c=2'],
  ['item', 'a;b=?1', 'a;b'],
  ['item', 'a;b=1;c=2;b=3', 'a;b=3;c=2'],
  ...refused(
    'item',
    'a;',
    'a;;b',
    'a ;b',
    'a;b =1',
    'a;b= 1',
    'a;B',
    'a;1b',
    'a;b=',
    'a;b=(1)',
    'a;\tb',
    'a;b,c',
    'a;-b',
    'a;_b',
  ),
  // §3.1 Lists
  ...same('list', 'a', 'a, b', '1, 1, 1', '"a", b;c, ?0', 'a;b=c, d'),
  ['list', '', ''],
  ['list', '   ', ''],
  ['list', 'a,b', 'a, b'],
  ['list', 'a \t,\t b', 'a, b'],
  ...refused('list', ',', 'a,', ',a', 'a,,b', 'a, ,b', 'a b', 'a;b c', 'a,\n b', 'a, b,'),
  // §3.1.1 Inner lists
  ...same('list', '()', '(a)', '(a b)', '(a;b=1 c);d', '(), (a), b', '("a)" b)', '();a, ()'),
  ['list', '(  a   b  )', '(a b)'],
  ['list', '( )', '()'],
  ['list', '(a);  b', '(a);b'],
  ...refused('list', '(', '(a', ')', '(a)b', '(a,b)', '((a))', '(a"b")', '(a\tb)', '(a) (b)', '(a;b'),
  ...refused('item', '(a)', '()'),
  // §3.2 Dictionaries
  ...same(
    'dictionary',
    'a=1',
    'a=1, b=2',
    'a',
    'a, b',
    'a;x=1, b=2;y',
    'a=(1 2);z, b',
    'a=?0',
    '*a=1',
    'u=2, i',
    'a=()',
  ),
  ['dictionary', '', ''],
  ['dictionary', 'a=?1', 'a'],
  ['dictionary', 'a=?1;b', 'a;b'],
  ['dictionary', 'a=1,b=2', 'a=1, b=2'],
  ['dictionary', 'a=1, b=2, a=3', 'a=3, b=2'],
  ['dictionary', '__proto__', undefined],
  ['dictionary', 'constructor=1, tostring=2', 'constructor=1, tostring=2'],
  ...refused(
    'dictionary',
    'A=1',
    'a =1',
    'a= 1',
    'a=',
    'a=1,',
    ',a=1',
    'a=1 b=2',
    '=1',
    '"a"=1',
    '1=1',
    'a=1;',
    'a==1',
    'a=(1',
    'a=1, ,b',
    'é=1',
  ),
]
