import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runCases } from './run.ts'

/** What a cache need not do and this one does not, and why. Cases of the kind `check` only tell caches apart. */
const NOT_DONE: Readonly<Record<string, string>> = {
  'freshness-expires-wrong-case-weekday': 'a date is read as RFC 9110 §5.6.7 writes it; in another case it is stale',
  'freshness-expires-wrong-case-month': 'as above',
  'freshness-expires-wrong-case-tz': 'as above',
  'conditional-lm-fresh-no-lm':
    'what was made after If-Modified-Since may have changed since: 304 would say that it did not',
  'method-POST': 'a reply to POST is not kept for GET',
  'partial-store-partial-reuse-partial':
    'the case says 4-9 of five bytes: a part that is not as long as it says is not kept',
  'partial-store-partial-reuse-partial-byterange': 'as above',
  'partial-store-partial-reuse-partial-absent': 'as above',
  'partial-store-partial-reuse-partial-suffix': 'as above',
  'partial-store-partial-complete': 'what is missing of a whole is not asked for by itself',
  'vary-normalise-lang-order': 'the meaning of Accept-Language is the origin’s to know',
  'vary-normalise-lang-case': 'as above',
  'vary-normalise-lang-select': 'as above',
}

test('caching as the cases of cache-tests want it', async () => {
  // The cases for shared caches by a shared one, all others by a client's own; run.ts tries all of them by either.
  const results = [...(await runCases(false)), ...(await runCases(true, (one) => one.browser_skip === true))]
  const failed = results.filter(({ one, outcome }) => one.kind !== 'check' && outcome.kind !== 'pass')
  assert.deepEqual(failed.map(({ one }) => one.id).sort(), Object.keys(NOT_DONE).sort())
  const passed = (kind: string) =>
    results.filter(({ one, outcome }) => one.kind === kind && outcome.kind === 'pass').length
  assert.deepEqual([passed('required'), passed('optimal')], [150, 85])
})
