import assert from 'node:assert/strict'
import { test } from 'node:test'
import { document, drawn, drawnDocuments } from '../../bin/diagrams.ts'

test('the drawings in the documents are what the code says (npm run diagrams)', () => {
  for (const name of drawnDocuments)
    assert.ok(document(name) === drawn(name, document(name)), `${name} is out of date: npm run diagrams`)
})

test('a drawing that was changed by hand is found', () => {
  const architecture = document('docs/architecture.md')
  const changed = architecture.replace('open --> last', 'open --> lost')
  assert.notEqual(changed, architecture)
  assert.equal(drawn('docs/architecture.md', changed), architecture)
  const readme = document('README.md')
  assert.notEqual(drawn('README.md', readme.replace('three-way handshake', 'handshake')).indexOf('three-way'), -1)
})
