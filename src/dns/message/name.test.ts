import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { MAX_NAME, Name, parseName } from './name.ts'

/** Labels of any octets that together make a valid name. */
export const names: fc.Arbitrary<Name> = fc
  .array(fc.uint8Array({ minLength: 1, maxLength: 63 }), { maxLength: 8 })
  .filter((labels) => labels.reduce((sum, label) => sum + label.length + 1, 1) <= MAX_NAME)
  .map((labels) => Name.of(labels))

test('a name is its wire form', () => {
  const name = Name.parse('www.Example.org.')
  assert.equal(Buffer.from(name.wire).toString('latin1'), '\x03www\x07Example\x03org\x00')
  assert.equal(String(name), 'www.Example.org.')
  assert.equal(name.labelCount, 3)
  assert.equal(String(name.parent()), 'Example.org.')
  assert.equal(String(name.suffix(1)), 'org.')
  assert.equal(String(Name.root), '.')
  assert.ok(Name.parse('.').isRoot)
})

test('names without a final dot are relative to the origin', () => {
  const origin = Name.parse('example.org.')
  assert.equal(String(Name.parse('www', origin)), 'www.example.org.')
  assert.equal(String(Name.parse('www.', origin)), 'www.')
})

test('case is kept and does not count (RFC 4343)', () => {
  const a = Name.parse('WWW.Example.ORG.')
  const b = Name.parse('www.example.org.')
  assert.ok(a.equals(b))
  assert.ok(!a.equalsExactly(b))
  assert.equal(a.hash, b.hash)
  assert.equal(a.key, b.key)
  assert.equal(a.compare(b), 0)
  assert.equal(String(a), 'WWW.Example.ORG.')
  assert.ok(!Name.parse('[.example.').equals(Name.parse('{.example.')), 'only letters fold')
})

test('escapes: a dot inside a label, octets by number (RFC 1035 §5.1)', () => {
  const name = Name.parse('a\\.b.c\\000\\255\\"d.')
  assert.equal(name.labelCount, 2)
  assert.deepEqual(name.labels[0], Uint8Array.from([97, 46, 98]))
  assert.equal(String(name), 'a\\.b.c\\000\\255\\"d.')
})

test('texts that are no names say why and where', () => {
  const cases: [string, RegExp, number][] = [
    ['', /empty/, 0],
    ['a..b', /label is empty/, 2],
    ['.a', /label is empty/, 0],
    [`${'x'.repeat(64)}.`, /longer than 63/, 63],
    [`${'abcdefg.'.repeat(32)}`, /longer than 255/, 253],
    ['a\\', /backslash/, 1],
    ['a\\25', /backslash/, 1],
    ['a\\256', /backslash/, 1],
  ]
  for (const [text, why, at] of cases) {
    const fault = parseName(text)
    assert.ok(!(fault instanceof Name), text)
    assert.match(fault.why, why, text)
    assert.equal(fault.at, at, text)
  }
  assert.throws(() => Name.parse('a..b'), { code: 'DNS_NAME' })
  assert.throws(() => Name.of([new Uint8Array(64)]), { code: 'DNS_NAME' })
})

test('a name has at most 255 octets, and may have exactly so many', () => {
  const longest = `${'x'.repeat(63)}.`.repeat(3) + 'y'.repeat(61)
  assert.equal(Name.parse(longest).wire.length, 255)
  assert.equal(Name.parse(`${longest}.`).wire.length, 255)
  assert.throws(() => Name.parse(`${longest}y`), /longer than 255/)
  assert.throws(() => Name.parse('y'.repeat(60), Name.parse(`${`${'x'.repeat(63)}.`.repeat(3)}yy`)), /longer than 255/)
})

test('isUnder goes by whole labels', () => {
  const org = Name.parse('example.org.')
  assert.ok(Name.parse('a.EXAMPLE.org.').isUnder(org))
  assert.ok(org.isUnder(org))
  assert.ok(org.isUnder(Name.root))
  assert.ok(!Name.parse('badexample.org.').isUnder(org))
  assert.ok(!Name.parse('org.').isUnder(org))
  assert.ok(!Name.parse('x\\007example.org.').isUnder(org), 'a label that ends like the wire form')
})

test('canonical order (RFC 4034 §6.1)', () => {
  const ordered = [
    'example.',
    'a.example.',
    'yljkjljk.a.example.',
    'Z.a.example.',
    'zABC.a.EXAMPLE.',
    'z.example.',
    '\\001.z.example.',
    '*.z.example.',
    '\\200.z.example.',
  ].map((text) => Name.parse(text))
  const shuffled = [...ordered].reverse().sort((a, b) => a.compare(b))
  assert.deepEqual(shuffled.map(String), ordered.map(String))
})

test('rebase replaces a suffix, unless the result is too long (RFC 6672 §2.2)', () => {
  const from = Name.parse('old.example.')
  const to = Name.parse('new.example.')
  assert.equal(String(Name.parse('a.b.old.example.').rebase(from, to)), 'a.b.new.example.')
  assert.equal(Name.parse('a.other.example.').rebase(from, to), null)
  const long = Name.parse(`${'x'.repeat(63)}.`.repeat(3))
  assert.equal(Name.parse(`${'y'.repeat(62)}.old.example.`).rebase(from, long), null)
})

test('sharedLabels', () => {
  assert.equal(Name.parse('a.b.Example.').sharedLabels(Name.parse('c.B.example.')), 2)
  assert.equal(Name.parse('a.').sharedLabels(Name.parse('b.')), 0)
})

test('properties: text and back, order and equality agree', () => {
  fc.assert(
    fc.property(names, names, (a, b) => {
      assert.deepEqual(Name.parse(String(a)).wire, a.wire)
      assert.equal(a.equals(b), a.compare(b) === 0)
      assert.equal(a.equals(b), a.key === b.key)
      assert.equal(Math.sign(a.compare(b)) + Math.sign(b.compare(a)), 0)
      assert.ok(a.lower().equals(a))
      for (let up = a; !up.isRoot; up = up.parent()) assert.ok(a.isUnder(up))
    }),
    { numRuns: 300 },
  )
})
