/**
 * Tests that need more of a network than this machine has run in a network namespace of their own, where it can be made.
 */
import { execFile } from 'node:child_process'
import { networkInterfaces } from 'node:os'
import { relative } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { needCommand, needRoot } from './need.ts'

/** Whether loopback has its IPv6 address: in many containers it has not. */
export const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'))

/** Set in the namespace: what is missing there is missing for good. */
const INSIDE = 'RETICLE_TEST_NAMESPACE'

/**
 * Where this machine lacks IPv6 and a namespace can be made, declares one test: the whole file, in there.
 * @param file `import.meta.url` of a test file, which declares nothing else then
 */
export function movedToNamespace(file: string): boolean {
  if (hasIpv6 || process.env[INSIDE] !== undefined) return false
  if (needRoot() !== false || needCommand('unshare', 'ip') !== false) return false
  const path = fileURLToPath(file)
  test(`${relative(process.cwd(), path)} in a network namespace that has IPv6`, { timeout: 170_000 }, () => run(path))
  return true
}

function run(path: string): Promise<void> {
  const shell = `set -e
    ip link set lo up
    sysctl -qw net.ipv6.conf.lo.disable_ipv6=0 || true
    exec "$0" --test --test-reporter=spec "$1"`
  const { NODE_TEST_CONTEXT: _outer, ...env } = process.env
  return new Promise((resolve, reject) => {
    const options = { env: { ...env, [INSIDE]: '1' }, timeout: 160_000, maxBuffer: 1 << 24 }
    execFile('unshare', ['--net', 'sh', '-c', shell, process.execPath, path], options, (error, stdout, stderr) => {
      if (error) reject(new Error(`${error.message}\n${stdout}\n${stderr}`))
      else resolve()
    })
  })
}
