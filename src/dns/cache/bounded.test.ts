import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BoundedMap } from './bounded.ts'

test('past the limit the entries that were not used go, those that were stay', () => {
  const map = new BoundedMap<number>(4)
  for (const [i, key] of ['a', 'b', 'c'].entries()) map.set(key, i)
  map.get('a')
  map.set('d', 3)
  map.set('e', 4)
  assert.equal(map.get('a'), 0)
  assert.equal(map.get('b'), undefined)
  assert.ok(map.evicted > 0)
})

test('peek is not a use', () => {
  const map = new BoundedMap<number>(4)
  for (const key of ['a', 'b', 'c', 'd']) map.set(key, 1)
  map.peek('a')
  map.set('e', 1)
  assert.equal(map.peek('a'), undefined)
})

test('a limit below two is refused', () => {
  assert.throws(() => new BoundedMap(1), /limit 1 must be at least 2/)
})

test('whatever is done: never more than the limit, never a wrong value, what was just set is there', () => {
  const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g')
  const command = fc.tuple(fc.constantFrom('set', 'get', 'delete'), key, fc.nat(9))
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 6 }), fc.array(command, { maxLength: 60 }), (limit, commands) => {
      const map = new BoundedMap<number>(limit)
      const model = new Map<string, number>()
      for (const [what, at, value] of commands) {
        if (what === 'set') {
          map.set(at, value)
          model.set(at, value)
          assert.equal(map.peek(at), value)
        } else if (what === 'delete') {
          map.delete(at)
          model.delete(at)
          assert.equal(map.peek(at), undefined)
        } else {
          const got = map.get(at)
          if (got !== undefined) assert.equal(got, model.get(at))
        }
        assert.ok(map.size <= limit)
      }
    }),
  )
})
