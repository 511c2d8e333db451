import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { test } from 'node:test'

const root = join(import.meta.dirname, '../..')

test('the API reference has every subpath export', () => {
  const folder = join(root, 'docs/reference')
  const { entryPoints } = JSON.parse(readFileSync(join(folder, 'typedoc.json'), 'utf8')) as { entryPoints: string[] }
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    exports: Record<string, string>
  }
  const sources = Object.entries(exports)
    // 'reticle' alone has nothing of its own.
    .filter(([name, source]) => name !== '.' && source.endsWith('.ts'))
    .map(([, source]) => source.slice(2))
  assert.deepEqual(entryPoints.map((path) => relative(root, join(folder, path))).sort(), sources.sort())
})
