import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

test('every file that the table of attacks names is there', () => {
  const root = join(import.meta.dirname, '../..')
  const text = readFileSync(join(root, 'docs/security.md'), 'utf8')
  const named = [...text.matchAll(/`([\w./-]+\.(?:ts|md))`/g)].map(([, path]) => path!)
  assert.ok(named.length > 30)
  assert.deepEqual(
    named.filter((path) => !existsSync(join(root, path))),
    [],
  )
  const classes = text
    .slice(0, text.indexOf('## Advisories'))
    .split('\n')
    .filter((line) => /^\| (?!class|---)/.test(line))
  assert.ok(classes.length >= 22, `${classes.length} classes`)
  for (const line of classes) assert.match(line, /`[\w./-]+\.test\.ts`/, line)
})
