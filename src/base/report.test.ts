import assert from 'node:assert/strict'
import { test } from 'node:test'
import { report, reportFailure } from './report.ts'

test('a failure goes to whoever surrounds the code, and to the console where that fails too', (t) => {
  const lines: unknown[][] = []
  t.mock.method(console, 'error', (...line: unknown[]) => lines.push(line))
  const seen: unknown[] = []
  report.run(
    (...given) => seen.push(given),
    () => reportFailure('boom', 'a test'),
  )
  assert.deepEqual([seen, lines], [[['boom', 'a test']], []])
  reportFailure('boom', 'a test')
  report.run(
    () => {
      throw new Error('no room')
    },
    () => reportFailure('boom', 'a test'),
  )
  assert.deepEqual(lines[0], ['a test failed:', 'boom'])
  assert.match(String(lines[1]![2]), /no room/)
})
