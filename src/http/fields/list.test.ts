import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseItem, parseParameters, readQuoted, splitList, stripSpace } from './list.ts'

test('space is SP and HTAB, and nothing else', () => {
  assert.equal(stripSpace(' \ta \t b\t '), 'a \t b')
  assert.equal(stripSpace(' \t '), '')
  assert.equal(stripSpace('xx a xx', 2, 5), 'a')
  for (const other of ['\xa0', '\v', '\f', '\r', '\n', '\u2003', '\ufeff', '\x85', '\0'])
    assert.equal(stripSpace(`${other}a${other}`), `${other}a${other}`, JSON.stringify(other))
})

test('lists: empty elements, quoted commas, unclosed quotes', () => {
  assert.deepEqual(splitList(''), [])
  assert.deepEqual(splitList(' , ,,'), [])
  assert.deepEqual(splitList('a, b ,\tc'), ['a', 'b', 'c'])
  assert.deepEqual(splitList('a;x="1,2";y, "b,c"'), ['a;x="1,2";y', '"b,c"'])
  assert.deepEqual(splitList('"a\\",b", c'), ['"a\\",b"', 'c'])
  assert.deepEqual(splitList('"a, b'), ['"a, b'])
  // An entity tag may end in a backslash: there is no escape in it.
  assert.deepEqual(splitList('"a\\", "b"', 'tag'), ['"a\\"', '"b"'])
})

test('items and their parameters', () => {
  const read = (text: string, most = 16) => {
    const item = parseItem(text, most)
    return item && [item.value, Object.fromEntries(item.parameters)]
  }
  assert.deepEqual(read('gzip'), ['gzip', {}])
  assert.deepEqual(read(' text/html ; Q=0.5 ;level="a;b" '), ['text/html', { q: '0.5', level: 'a;b' }])
  assert.deepEqual(read('a;;'), ['a', {}])
  for (const bad of ['a;b', 'a;b=', 'a;b c=d', 'a;b="c', 'a;b="c"d', 'a;b=c;b=d', 'a;\xa0b=c', 'a;b=c d'])
    assert.equal(read(bad), null, bad)
  assert.equal(read('a;b=c;d=e', 1), null)
})

test('Content-Disposition as browsers write it', () => {
  const read = (text: string) => parseParameters(text, 0, 16, 'form')
  assert.deepEqual(
    [...read('; name="a\\"b\\\\c\\d"; filename=C:\\x y.png ')!],
    [
      ['name', 'a"b\\c\\d'],
      ['filename', 'C:\\x y.png'],
    ],
  )
  assert.equal(read('; name="a'), null)
})

test('quoted strings come back as they were', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('a', '"', '\\', ' ', ',', ';', '\t', '\xff'), maxLength: 12 }),
      (value) => {
        const quoted = `"${value.replace(/["\\]/g, '\\$&')}"`
        assert.deepEqual(readQuoted(`${quoted}rest`, 0), { text: value, end: quoted.length })
        assert.deepEqual(splitList(`x, ${quoted},y`), ['x', quoted, 'y'])
      },
    ),
  )
})

test('adversarial lists are read in one pass', () => {
  for (const junk of ['"', ',', ';', '\\', ' ', '";', '",', 'a=', '\t,', '"\\'])
    for (const quoting of ['http', 'form', 'tag'] as const) {
      const text = junk.repeat(65_536)
      assert.ok(splitList(text, quoting).length <= text.length)
      parseParameters(`;${text}`, 0, 16, quoting)
      parseItem(text, 16)
    }
})

test('no text of the protocol is trimmed by what strips more than the protocol does', () => {
  const floor = join(import.meta.dirname, '..')
  for (const file of globSync('**/*.ts', { cwd: floor })) {
    if (file.endsWith('.test.ts') || file.startsWith('trial/')) continue
    // Comments may name what the code must not do.
    const code = readFileSync(join(floor, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
    assert.doesNotMatch(code, /\.trim(?:Start|End)?\(|\\s/, file)
  }
})
