import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ms, seconds } from '../base/duration.ts'
import { completeLimits, HTTP_LIMITS } from './limits.ts'

test('limits are completed, and nonsense is refused where it is given', () => {
  assert.deepEqual(completeLimits('serve()'), HTTP_LIMITS)
  assert.deepEqual(completeLimits('serve()', { headTime: seconds(5) }), { ...HTTP_LIMITS, headTime: seconds(5) })
  assert.equal(completeLimits('serve()', { bodyBytes: Number.POSITIVE_INFINITY }).bodyBytes, Number.POSITIVE_INFINITY)
  assert.throws(
    () => completeLimits('serve()', { headTime: 5000 as never }),
    /serve\(\): limits.headTime .* write ms\(5000\)/,
  )
  assert.throws(() => completeLimits('serve()', { stallTime: ms(-1) }), RangeError)
  for (const bad of [-1, Number.NaN, '100', null])
    assert.throws(
      () => completeLimits('serve()', { fieldCount: bad as never }),
      /limits.fieldCount must be a number from 0/,
    )
  assert.ok(Object.isFrozen(HTTP_LIMITS))
})

test('each limit is named by a test that crosses it', () => {
  const root = join(import.meta.dirname, '../..')
  const tests = globSync(['src/http/**/*.test.ts', 'test/attack/http/*.test.ts', 'src/web/forms/*.test.ts'], {
    cwd: root,
  })
    .filter((file) => !file.endsWith('http/limits.test.ts'))
    .map((file) => readFileSync(join(root, file), 'utf8'))
    .join('\n')
  const missing = Object.keys(HTTP_LIMITS).filter((name) => !new RegExp(`\\b${name}\\b`).test(tests))
  assert.deepEqual(missing, [])
})
