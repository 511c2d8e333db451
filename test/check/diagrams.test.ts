import assert from 'node:assert/strict'
import { test } from 'node:test'
import { document, drawn } from '../../bin/diagrams.ts'

test('the drawings in docs/architecture.md are what the tables of the code say (npm run diagrams)', () => {
  const text = document()
  assert.equal(text, drawn(text))
  // A drawing that was changed by hand is found.
  assert.notEqual(text.replace('open --> last', 'open --> lost'), drawn(text))
})
