import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Field, f, type Ref } from '../index.ts'

type Any = Field<unknown, boolean> | Ref<object, boolean>
const value = (field: Any, input: unknown) => {
  const parsed = field.parse(input)
  assert.equal(parsed.error, undefined, `${JSON.stringify(input)}: ${parsed.error}`)
  return parsed.value
}
const refuses = (field: Any, ...inputs: unknown[]) => {
  for (const input of inputs) assert.equal(typeof field.parse(input).error, 'string', JSON.stringify(input))
}

test('text is trimmed, bounded and required', () => {
  assert.equal(value(f.text(5), '  ab\n'), 'ab')
  assert.equal(value(f.text(5), 'a\r\nb'), 'a\nb')
  assert.equal(value(f.text(5), 2024), '2024')
  assert.equal(value(f.text(5), 'a\ud800'), 'a\ufffd')
  refuses(f.text(5), '', '   ', undefined, null, 'abcdef', ['a'], { a: 1 }, true, 'a\0b')
  refuses(f.text(9, { min: 3 }), 'ab')
  refuses(f.text(9, { pattern: /^[a-f]+$/ }), 'xyz')
  assert.equal(value(f.text().null(), ''), null)
  assert.equal(value(f.text().blank(), ''), '')
  assert.equal(value(f.text().default('d'), ''), 'd')
  assert.equal(f.text(5).parse('').error, 'This field is required.')
  assert.match(f.text(5).parse('abcdef').error ?? '', /at most 5 characters \(these are 6\)/)
})

test('slugs, addresses, passwords, files', () => {
  assert.equal(value(f.slug(), 'a-B_9'), 'a-B_9')
  refuses(f.slug(), 'a b', 'ä', 'a/b', 'a'.repeat(101))
  assert.equal(value(f.email(), ' Ada@Example.ORG '), 'Ada@example.org')
  refuses(f.email(), 'ada', 'a@b', 'a b@c.de', 'a@-b.de', `${'a'.repeat(250)}@b.de`, 'a@b.de\nBcc: x@y.z')
  assert.equal(value(f.password(), '  8 chars '), '  8 chars ')
  refuses(f.password(), '', 'short', 'x'.repeat(1025), 12345678)
  assert.equal(value(f.file(), 'uploads/a.png'), 'uploads/a.png')
  refuses(f.file(), '/etc/passwd', '../a', 'a/../b', 'a\\b', 'a'.repeat(256))
})

test('numbers', () => {
  assert.equal(value(f.int(), ' -12 '), -12)
  assert.ok(Object.is(value(f.int(), '-0'), 0))
  assert.equal(value(f.int(), 7), 7)
  refuses(f.int(), '1.5', '1e3', '0x10', '9007199254740992', 'Infinity', 1.5, [1], '१')
  refuses(f.int({ min: 1, max: 9 }), '0', '10')
  assert.equal(value(f.number(), '-1.5e3'), -1500)
  refuses(f.number(), 'NaN', 'Infinity', '1e999', '1,5', '.', {}, `${'1'.repeat(50)}`)
  assert.equal(value(f.boolean(), undefined), false)
  assert.equal(value(f.boolean(), 'on'), true)
  assert.equal(value(f.boolean(), false), false)
  refuses(f.boolean(), 'maybe', 2, [])
})

test('days and moments', () => {
  assert.equal(value(f.date(), '2024-02-29'), '2024-02-29')
  refuses(f.date(), '2023-02-29', '2024-13-01', '24-1-1', '2024-00-10', 20240229)
  assert.deepEqual(value(f.datetime(), '2026-11-24T09:30'), new Date(Date.UTC(2026, 10, 24, 9, 30)))
  assert.deepEqual(value(f.datetime(), '2026-11-24 09:30:05.5+01:00'), new Date(Date.UTC(2026, 10, 24, 8, 30, 5, 500)))
  refuses(f.datetime(), '2026-02-30T09:30', '2026-11-24', 'now', '2026-11-24T25:00', 0, '2026-11-24T09:30+99:99')
  assert.equal(f.datetime().format(new Date(Date.UTC(2026, 10, 24, 9, 30))), '2026-11-24T09:30')
})

test('choices, JSON, references', () => {
  const state = f.choice({ draft: 'A draft', public: 'For all' })
  assert.equal(value(state, 'draft'), 'draft')
  assert.deepEqual(state.widget.choices, [
    { value: 'draft', label: 'A draft' },
    { value: 'public', label: 'For all' },
  ])
  refuses(state, 'secret', '__proto__', 'constructor', ['draft'])
  assert.deepEqual(value(f.json(), '{"a":[1]}'), { a: [1] })
  refuses(f.json(), '{a}')
  const ref = f.ref(() => class {})
  assert.equal(value(ref, '12'), 12)
  assert.equal(value(f.ref(() => class {}).null(), ''), null)
  refuses(ref, '', '0', '-1', 'x', { id: 1 })
})

test('a field is a Standard Schema', () => {
  const { validate, version } = f.int()['~standard']
  assert.equal(version, 1)
  assert.deepEqual(validate('3'), { value: 3 })
  assert.deepEqual(validate('x'), { issues: [{ message: 'Enter a whole number.' }] })
})

const all: { [name: string]: () => Any } = {
  id: f.id,
  text: () => f.text(20),
  slug: f.slug,
  email: f.email,
  password: f.password,
  int: f.int,
  number: f.number,
  boolean: f.boolean,
  date: f.date,
  datetime: f.datetime,
  json: f.json,
  choice: () => f.choice(['a', 'b']),
  file: f.file,
  ref: () => f.ref(() => class {}),
}

for (const [name, make] of Object.entries(all)) {
  test(`${name}: whatever comes in, parse answers, and what it accepts can be stored and comes back`, () => {
    const field = make()
    const kind = field.kind as Field<unknown>['kind']
    const numeric = fc
      .oneof(fc.integer(), fc.double(), fc.date())
      .map((x) => (x instanceof Date ? x.toJSON() : String(x)))
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), numeric, fc.jsonValue(), fc.anything(), fc.constantFrom('a', '2026-01-01', 'a@b.de')),
        (input) => {
          const parsed = field.parse(input)
          if (parsed.error !== undefined) return assert.ok(parsed.error.length > 0)
          if (parsed.value === null || parsed.value === undefined) return
          if (name === 'json' && field.check(parsed.value) !== null) return // cycles, functions: not from JSON
          assert.equal(field.check(parsed.value), null)
          const back = kind.decode(kind.encode(parsed.value as never))
          if (name !== 'json') assert.deepEqual(back, parsed.value)
          assert.equal(typeof field.format(parsed.value), 'string')
        },
      ),
      { numRuns: 300 },
    )
  })
}
