import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Fault } from '../../../src/base/fault.ts'
import { type BareItem, formatStructuredItem, parseStructuredItem } from '../../../src/http/index.ts'
import { CASES } from './cases.ts'
import { failure, rewritten } from './run.ts'

test('every case of structured fields', () => {
  const failed = CASES.map((one) => [one[0], one[1], failure(one)] as const).filter(([, , why]) => why !== null)
  assert.deepEqual(failed, [])
})

/** Texts that begin with one of the first characters and go on with others. */
function worded(first: string, others: string) {
  const rest = fc.string({ unit: fc.constantFrom(...others), maxLength: 12 })
  return fc.tuple(fc.constantFrom(...first), rest).map(([start, more]) => start + more)
}

test('whatever is written is read as what it was', () => {
  const tokens = worded('*AaZz', "AZaz019!#$%&'*+-.^_`|~:/")
  const bare: fc.Arbitrary<BareItem> = fc.oneof(
    fc.record({ type: fc.constant('integer' as const), value: fc.integer() }),
    fc.record({ type: fc.constant('decimal' as const), value: fc.integer().map((n) => n / 1000) }),
    fc.record({
      type: fc.constant('string' as const),
      value: fc.string({ unit: fc.integer({ min: 32, max: 126 }).map((code) => String.fromCharCode(code)) }),
    }),
    fc.record({
      type: fc.constant('token' as const),
      value: tokens,
    }),
    fc.record({ type: fc.constant('bytes' as const), value: fc.uint8Array() }),
    fc.record({ type: fc.constant('boolean' as const), value: fc.boolean() }),
    fc.record({ type: fc.constant('date' as const), value: fc.integer() }),
    fc.record({
      type: fc.constant('display' as const),
      value: fc.string({ unit: fc.constantFrom(...'az"%\\ \0\n\u00fc\u20ac\u{1f30d}\ufeff') }),
    }),
  )
  const names = worded('abcz*', 'abcz019_.*-')
  const items = fc.record({
    item: bare,
    parameters: fc.array(fc.tuple(names, bare), { maxLength: 3 }).map((pairs) => new Map(pairs)),
  })
  fc.assert(
    fc.property(items, (item) => {
      const read = parseStructuredItem(formatStructuredItem(item))
      assert.ok(!(read instanceof Fault))
      assert.equal(formatStructuredItem(read), formatStructuredItem(item))
      assert.deepEqual(read.item, item.item.value === 0 ? { ...item.item, value: 0 } : { ...item.item })
    }),
    { numRuns: 200 },
  )
})

test('any text is read or refused, and what is read is read again as the same', () => {
  const alphabet = fc.constantFrom(...' \t"\\%:;,=()?@*-.019azAZ/!\u00e9\n'.split(''))
  const texts = fc.string({ unit: alphabet, maxLength: 30 })
  fc.assert(
    fc.property(fc.constantFrom('item' as const, 'list' as const, 'dictionary' as const), texts, (kind, text) => {
      const once = rewritten(kind, text)
      if (!(once instanceof Fault)) assert.equal(rewritten(kind, once), once)
    }),
    { numRuns: 2000 },
  )
})
