/** Clocks, randomness and timers come in as arguments: the globals for them appear in `kernel/` and `cli/` only. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'

const root = join(import.meta.dirname, '../..')
const AMBIENT =
  /\b(Date\.now|performance\.(now|timeOrigin)|Math\.random|setTimeout|setInterval|process\.\w+|crypto\.(randomUUID|getRandomValues))\b|\bnew Date\(\)/

/** Where an ambient global is the subject: the one place of the simulator that lets the event loop turn. */
const ALLOWED: readonly string[] = []

test('no floor below kernel/ and cli/ reads a clock, draws randomness or arms a timer of its own', () => {
  const offences: string[] = []
  for (const file of globSync('src/**/*.ts', { cwd: root })) {
    if (/^src\/(kernel|cli)\/|\.test\.ts$/.test(file) || ALLOWED.includes(file)) continue
    const lines = readFileSync(join(root, file), 'utf8').split('\n')
    lines.forEach((line, i) => {
      const code = line.replace(/\/\/.*$|^\s*\*.*$|^\s*\/\*\*.*$|'[^']*'|`[^`]*`/g, "''")
      if (AMBIENT.test(code)) offences.push(`${file}:${i + 1}: ${line.trim()}`)
    })
  }
  assert.deepEqual(offences, [])
})

test('the check itself sees what it looks for', () => {
  for (const line of ['const t = Date.now()', 'setTimeout(f, 1)', 'process.env.X', 'Math.random()', 'new Date()'])
    assert.match(line, AMBIENT)
  for (const line of ['clock.now()', 'new Date(millis)', 'processed.length']) assert.doesNotMatch(line, AMBIENT)
})
