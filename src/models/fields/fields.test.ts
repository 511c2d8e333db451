import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  createTables,
  describe,
  Field,
  f,
  InvalidValueError,
  type Kind,
  Model,
  ModelError,
  openDatabase,
  problem,
  type Ref,
  withDatabase,
} from '../index.ts'
import { sqlite } from '../sql/sqlite.ts'
import { strings } from '../trial/fixture.ts'

type Any = Field<unknown, boolean> | Ref<object, boolean>
const value = (field: Any, input: unknown) => {
  const parsed = field.parse(input)
  assert.equal(parsed.error, undefined, `${JSON.stringify(input)}: ${parsed.error?.text}`)
  return parsed.value
}
const refuses = (field: Any, ...inputs: unknown[]) => {
  for (const input of inputs) assert.equal(typeof field.parse(input).error?.text, 'string', JSON.stringify(input))
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
  assert.deepEqual(f.text(5).parse('').error, problem('required', 'This field is required.'))
  const { code, values, text } = f.text(5).parse('abcdef').error!
  assert.deepEqual([code, values], ['too-long', { max: 5, length: 6 }])
  assert.match(text, /at most 5 characters \(these are 6\)/)
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
  assert.ok(Object.is(value(f.number(), -0), 0))
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
  const shown = (iso: string) => f.datetime().format(new Date(iso))
  assert.equal(shown('2026-11-24T09:30:00.000Z'), '2026-11-24T09:30')
  assert.equal(shown('2026-11-24T09:30:37.000Z'), '2026-11-24T09:30:37')
  assert.equal(shown('2026-11-24T10:00:37.123Z'), '2026-11-24T10:00:37.123')
  assert.deepEqual(f.datetime().widget.attributes, { step: 'any' })
  refuses(f.date(), '0000-01-01')
  refuses(f.datetime(), '0000-12-31T23:59', new Date(8.64e15))
  assert.match(
    f.datetime().check(new Date(8.64e15)) ?? '',
    /\+275760-09-13T00:00:00.000Z lies outside the years 1 to 9999/,
  )
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
  refuses(f.json(), '{a}', () => {})
  for (const never of [7n, Number.NaN, Infinity]) assert.equal(f.json().parse(never).error?.code, 'schema')
  const ref = f.ref(() => class {})
  assert.equal(value(ref, '12'), 12)
  assert.equal(value(f.ref(() => class {}).null(), ''), null)
  refuses(ref, '', '0', '-1', 'x', { id: 1 })
})

test('a kind of the program’s own is made of one there is', async () => {
  const postcode: Kind<string> = {
    ...f.text(5).kind,
    name: 'postcode',
    parse: (given) =>
      typeof given === 'string' && /^\d{5}$/.test(given)
        ? { value: given }
        : { error: problem('postcode', 'Enter five digits.') },
  }
  class Address extends Model {
    id = f.id()
    postcode = new Field(postcode)
    second = new Field(postcode).null()
  }
  assert.equal(value(new Address().postcode, ' 12345 '), '12345')
  assert.equal(new Address().postcode.parse('1234').error?.code, 'postcode')
  const { kind, params, stores } = describe(Address).fields[1]!
  assert.deepEqual([kind, params, stores], ['postcode', { max: 5 }, { type: 'text', max: 5 }])
  const database = openDatabase('sqlite::memory:')
  await createTables(database, [Address])
  await withDatabase(database, async () => {
    const { postcode, second } = await Address.create({ postcode: '12345' })
    assert.deepEqual([postcode, second], ['12345', null])
    await assert.rejects(
      Address.all().update((a) => ({ second: a.postcode, postcode: '123456' })),
      InvalidValueError,
    )
  })
  await database.close()
})

test('a chained call gives a field of its own', () => {
  const name = f.text(80)
  const other = name.null().unique().label('Other')
  assert.deepEqual([name.options.nullable, name.options.unique, name.options.label], [false, false, undefined])
  assert.deepEqual([other.options.nullable, other.options.unique, other.options.label], [true, true, 'Other'])
  assert.equal(f.datetime().now().null().options.default, f.datetime().now().options.default)
  const author = f.ref(() => class {}, { onDelete: 'cascade' })
  const none = author.null().unique().help('Who')
  assert.deepEqual([author.options.nullable, none.options.nullable, none.options.unique], [false, true, true])
  assert.equal(none.onDelete, 'cascade')
})

test('a pattern is matched by the whole text, and remembers nothing', () => {
  for (const pattern of [/a|ab/g, /[ab]+/y, /ab/]) {
    const field = f.text(9, { pattern })
    for (let i = 0; i < 3; i++) assert.equal(value(field, 'ab'), 'ab', String(pattern))
    refuses(field, 'xab', 'abx', 'ab\nx')
  }
  refuses(f.text(9, { pattern: /^a$/m }), 'a\nb', 'b\na')
})

test('JSON is what its schema says, from wherever it comes', () => {
  const tags = f.json(strings)
  assert.deepEqual(value(tags, ['a']), ['a'])
  assert.deepEqual(value(tags, '["a"]'), ['a'])
  refuses(tags, 5, '5', [5], {}, '["a", 5]')
  assert.equal(tags.parse(['a', 5]).error!.text, '1: This is not a text.')
  assert.equal(tags.check(['a']), null)
  assert.equal(tags.check(['a', 5]), '1: This is not a text.')
  const later = f.json({ '~standard': { version: 1, vendor: 'late', validate: async (value) => ({ value }) } })
  assert.throws(() => later.parse(5), ModelError)
  const trimmed = f.json<{ a: number }>({
    '~standard': { version: 1, vendor: 'zod', validate: (value) => ({ value: { a: (value as { a: number }).a } }) },
  })
  assert.deepEqual(value(trimmed, { a: 1, b: 2 }), { a: 1 })
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
          if (parsed.error !== undefined) return assert.ok(parsed.error.text.length > 0 && parsed.error.code.length > 0)
          if (parsed.value === null || parsed.value === undefined) return
          if (name === 'json' && field.check(parsed.value) !== null) return // cycles, functions: not from JSON
          assert.equal(field.check(parsed.value), null)
          const codec = sqlite.codec(kind.stores)
          const back = codec.decode(codec.encode(parsed.value))
          if (name !== 'json') assert.deepEqual(back, parsed.value)
          // A form that is opened and sent again changes nothing.
          const shown = field.format(parsed.value)
          if (name !== 'password' && name !== 'json') assert.deepEqual(value(field, shown), parsed.value)
        },
      ),
      { numRuns: 300 },
    )
  })
}
