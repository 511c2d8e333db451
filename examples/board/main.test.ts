import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'

const MAIN = join(import.meta.dirname, 'main.ts')

function run(t: TestContext, env: Record<string, string>) {
  const data = mkdtempSync(join(tmpdir(), 'reticle-board-main-'))
  const child = spawn(process.execPath, [MAIN], { env: { PATH: process.env['PATH'], DATA: data, PORT: '0', ...env } })
  t.after(() => {
    child.kill('SIGKILL')
    rmSync(data, { recursive: true, force: true })
  })
  const said = { out: '', err: '' }
  child.stdout.on('data', (bytes) => (said.out += bytes))
  child.stderr.on('data', (bytes) => (said.err += bytes))
  const ended = new Promise<number | null>((resolve) => child.on('close', (code) => resolve(code)))
  const until = async (words: RegExp) => {
    while (!words.test(said.out)) {
      assert.equal(child.exitCode, null, said.err)
      await new Promise((resolve) => child.stdout.once('data', resolve))
    }
    return words.exec(said.out)!
  }
  return { child, said, ended, until }
}

test('settings that cannot be are refused in one line', { timeout: 30_000 }, async (t) => {
  const table: [Record<string, string>, RegExp][] = [
    [{ PORT: 'abc' }, /PORT=abc is not a port/],
    [{ PORT: '70000' }, /PORT=70000 is not a port/],
    [{ HOST: 'no-such-name.invalid' }, /HOST=no-such-name\.invalid is not an address/],
    [{ DATA: '/etc/passwd' }, /cannot be kept in \/etc\/passwd: it is a file/],
    [{ DATA: '/proc/nope' }, /cannot be kept in \/proc\/nope: ENOENT/],
    [{ DATA: '/no/such/folder' }, /cannot be kept in \/no\/such\/folder: ENOENT/],
  ]
  for (const [env, words] of table) {
    const { said, ended } = run(t, env)
    assert.equal(await ended, 1, JSON.stringify(env))
    assert.match(said.err, words)
    assert.equal(said.err.trim().split('\n').length, 1, said.err)
  }
})

test('a name for HOST, and a second Ctrl-C that does not wait', { timeout: 30_000 }, async (t) => {
  const { child, ended, until } = run(t, { HOST: 'localhost' })
  const [, address, port] = await until(/http:\/\/(127\.0\.0\.1|\[::1\]):(\d+)\//)
  const slow = connect(Number(port), address!.replace(/[[\]]/g, ''))
  t.after(() => slow.destroy())
  slow.on('error', () => {})
  slow.write('POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\nSec-Fetch-Site: same-origin\r\n')
  slow.write('Content-Type: application/x-www-form-urlencoded\r\n\r\nname=')
  await new Promise((resolve) => setTimeout(resolve, 200))
  child.kill('SIGINT')
  await until(/Ctrl-C again stops at once/)
  await new Promise((resolve) => setTimeout(resolve, 100))
  assert.equal(child.exitCode, null, 'it waits for the request')
  child.kill('SIGINT')
  assert.equal(await ended, 130)
})

test('empty settings mean the defaults', { timeout: 30_000 }, async (t) => {
  const { until } = run(t, { HOST: '' })
  await until(/http:\/\/127\.0\.0\.1:\d+\//)
})
