/** The same seed is the same run wherever it runs: other time zone, language, heap, folder. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'

const BIN = resolve(import.meta.dirname, '../../bin/reticle.js')

interface Surroundings {
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  readonly node?: readonly string[]
}

/** The hash of the log of a page fetched through the miniature Internet at 10 % loss. */
async function logOf(seed: number, { env = {}, cwd = process.cwd(), node = [] }: Surroundings = {}): Promise<string> {
  const args = ['look', 'http://board.example/', '--loss', '10', '--jitter', '3', '--seed', String(seed), '--json']
  const { stdout } = await promisify(execFile)(process.execPath, [...node, BIN, ...args], {
    cwd,
    env: { ...process.env, ...env },
    maxBuffer: 1 << 28,
  })
  assert.ok(stdout.split('\n').length > 100, 'the log is short')
  return createHash('sha256').update(stdout).digest('hex')
}

test('the log of a seed is the same in every process, byte for byte', async () => {
  const here = await logOf(7)
  const other = { TZ: 'Pacific/Chatham', LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8' }
  assert.equal(await logOf(7, { env: other, node: ['--max-old-space-size=200', '--max-semi-space-size=1'] }), here)
  assert.equal(await logOf(7, { cwd: tmpdir(), node: ['--no-opt'] }), here)
  assert.notEqual(await logOf(8), here)
})
