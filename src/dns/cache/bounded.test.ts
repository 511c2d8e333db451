import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BoundedMap } from './bounded.ts'

test('past the limit the least recently used entry goes', () => {
  const map = new BoundedMap<number>(2)
  map.set('a', 1)
  map.set('b', 2)
  assert.equal(map.get('a'), 1)
  map.set('c', 3)
  assert.equal(map.get('b'), undefined)
  assert.deepEqual(
    [...map.entries()],
    [
      ['a', 1],
      ['c', 3],
    ],
  )
  assert.equal(map.evicted, 1)
})

test('peek is no use, set is', () => {
  const map = new BoundedMap<number>(2)
  map.set('a', 1)
  map.set('b', 2)
  map.peek('a')
  map.set('b', 3)
  map.set('c', 4)
  assert.equal(map.peek('a'), undefined)
  assert.equal(map.peek('b'), 3)
})

test('a limit below one is refused', () => {
  assert.throws(() => new BoundedMap(0), /limit 0 must be at least 1/)
})
