/** What tshark makes of the captures of `reticle look`. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after } from 'node:test'
import { reticle } from '../../journey/run.ts'
import { needCommand } from '../../need.ts'

const skip = needCommand('tshark')
const folder = mkdtempSync(join(tmpdir(), 'reticle-tshark-'))
after(() => rmSync(folder, { recursive: true }))

const CHECKSUMS = ['ip.check_checksum', 'tcp.check_checksum', 'udp.check_checksum'].flatMap((name) => [
  '-o',
  `${name}:TRUE`,
])

/** The lines that tshark prints of a capture. */
function tshark(file: string, ...args: string[]): string[] {
  const out = execFileSync('tshark', ['-r', file, '-n', ...CHECKSUMS, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  return out.split('\n').filter((line) => line !== '')
}

async function capture(name: string, ...args: string[]): Promise<string> {
  const file = join(folder, `${name}.pcapng`)
  const { status, error } = await reticle(['look', 'http://board.example/', '--pcapng', file, ...args])
  assert.equal(status, 0, error)
  return file
}

for (const [name, ...args] of [
  ['calm'],
  ['rough', '--loss', '5', '--seed', '18'],
  ['everywhere', '--loss', '5', '--seed', '18', '--at', 'all', '--times', '2'],
] as const)
  test(`no packet is malformed, no checksum wrong: ${name}`, { skip }, async () => {
    const file = await capture(name, ...args)
    assert.ok(tshark(file).length > 20)
    const faults = '_ws.malformed || ip.checksum.status == 0 || tcp.checksum.status == 0 || udp.checksum.status == 0'
    assert.deepEqual(tshark(file, '-Y', faults), [])
    assert.ok(tshark(file, '-Y', 'tcp.checksum.status == 1').length > 5, 'tshark has looked at the checksums')
    assert.deepEqual(tshark(file, '-Y', 'dns.unsolicited || _ws.expert.severity == "Error"'), [])
  })

test('addresses have the names of their hosts, all of them', { skip }, async () => {
  const file = await capture('names', '--at', 'all')
  const out = execFileSync(
    'tshark',
    ['-r', file, '-N', 'n', '-T', 'fields', '-e', 'ip.src_host', '-e', 'ip.dst_host'],
    {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  )
  const names = new Set(out.split(/\s+/).filter((name) => name !== ''))
  assert.deepEqual([...names].sort(), ['authority', 'home-router', 'laptop', 'registry', 'resolver', 'root', 'web'])
})

test('what is lost and sent again says so in a comment', { skip }, async () => {
  const file = await capture('comments', '--loss', '20', '--seed', '14', '--at', 'all')
  const comments = tshark(file, '-T', 'fields', '-e', 'frame.comment').join('\n')
  assert.match(comments, /never arrived: loss on home-router--provider/)
  assert.match(comments, /retransmission: timeout/)
})

test('the capture is made where it was asked for, with both directions of time', { skip }, async () => {
  const file = await capture('at', '--at', 'laptop,web')
  const interfaces = new Set(tshark(file, '-T', 'fields', '-e', 'frame.interface_name'))
  assert.deepEqual([...interfaces].sort(), ['laptop:eth0', 'web:eth0'])
  const times = tshark(file, '-T', 'fields', '-e', 'frame.time_relative').map(Number)
  assert.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
  )
})

test('the capture of one end alone: tshark finds the retransmission, and the reply', { skip }, async () => {
  const file = await capture('one', '--loss', '20', '--seed', '14', '--at', 'web')
  assert.ok(tshark(file, '-Y', 'tcp.analysis.retransmission || tcp.analysis.spurious_retransmission').length > 0)
  const calm = await capture('reply', '--at', 'laptop')
  assert.deepEqual(tshark(calm, '-Y', 'http.response', '-T', 'fields', '-e', 'http.response.code'), ['200'])
  assert.ok(tshark(calm, '-Y', 'dns.flags.response == 1 && dns.a == 198.51.100.80').length > 0)
})
