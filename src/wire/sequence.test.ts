import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { add, diff, earliest, geq, gt, latest, leq, lt, type Seq, seq, within } from './sequence.ts'

const anySeq = fc.integer({ min: 0, max: 0xffffffff }).map(seq)
const distance = fc.integer({ min: 1, max: 0x7fffffff })

test('property: a later number compares later across the wrap', () => {
  fc.assert(
    fc.property(anySeq, distance, (a, d) => {
      const b = add(a, d)
      assert.ok(lt(a, b) && leq(a, b) && gt(b, a) && geq(b, a) && !lt(b, a) && !geq(a, b))
      assert.equal(diff(b, a), d)
      assert.equal(diff(a, b), -d)
      assert.equal(latest(a, b), b)
      assert.equal(earliest(a, b), a)
      assert.equal(add(b, -d), a)
    }),
  )
})

test('the wrap itself', () => {
  const last: Seq = seq(0xffffffff)
  assert.equal(add(last, 1), 0)
  assert.ok(lt(last, seq(0)))
  assert.ok(leq(last, last) && geq(last, last) && !lt(last, last))
  assert.ok(within(seq(2), seq(0xfffffff0), seq(10)))
  assert.ok(!within(seq(10), seq(0xfffffff0), seq(10)))
  assert.ok(!within(seq(5), seq(5), seq(5)), 'an empty span holds nothing')
})
