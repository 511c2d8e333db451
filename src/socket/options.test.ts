import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as constants from './berkeley/constants.ts'
import { OPTIONS, type OptionName, optionName } from './options.ts'

test('every option has its Berkeley constant, and its level and number lead back to it', () => {
  const numbers: Readonly<Record<string, unknown>> = constants
  for (const [name, [level, number]] of Object.entries(OPTIONS)) {
    assert.equal(numbers[name], number, name)
    assert.equal(optionName(level, number), name as OptionName)
  }
  assert.equal(optionName(1, 4711), undefined)
})
