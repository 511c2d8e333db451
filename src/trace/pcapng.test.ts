import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { needCommand } from '../../test/need.ts'
import { pcapng } from './pcapng.ts'

const FRAME = Buffer.from(
  // ARP: who has 192.0.2.2, tell 192.0.2.1
  'ffffffffffff02000000000108060001080006040001020000000001c0000201000000000000c0000202',
  'hex',
)

const CAPTURE = {
  epochMillis: Date.UTC(2026, 0, 1),
  comment: 'seed 1',
  application: 'reticle',
  interfaces: [{ name: 'laptop:eth0', speed: 1e9 }, { name: 'web:eth0' }],
  names: [[Uint8Array.of(192, 0, 2, 1), 'laptop']] as const,
  packets: [
    { interface: 0, at: 1_234_567, frame: FRAME, outbound: true, id: 7, comments: ['first', 'second'] },
    { interface: 1, at: 2_000_000, frame: FRAME, outbound: false },
  ],
}

test('every block says its length twice, and the blocks fill the file', () => {
  const file = pcapng(CAPTURE)
  const view = new DataView(file.buffer)
  const types: number[] = []
  let at = 0
  while (at < file.length) {
    types.push(view.getUint32(at, true))
    const length = view.getUint32(at + 4, true)
    assert.equal(length % 4, 0)
    assert.equal(view.getUint32(at + length - 4, true), length)
    at += length
  }
  assert.equal(at, file.length)
  assert.deepEqual(types, [0x0a0d0d0a, 1, 1, 4, 6, 6])
})

test('tshark reads times, interfaces, comments and names', { skip: needCommand('tshark') }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'reticle-'))
  try {
    const path = join(folder, 'a.pcapng')
    writeFileSync(path, pcapng(CAPTURE))
    const fields = [
      'frame.time_epoch',
      'frame.interface_name',
      'frame.packet_id',
      'frame.comment',
      'arp.src.proto_ipv4',
    ]
    const out = execFileSync('tshark', ['-r', path, '-T', 'fields', ...fields.flatMap((f) => ['-e', f])], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const rows = out
      .trimEnd()
      .split('\n')
      .map((line) => line.split('\t'))
    assert.equal(rows.length, 2)
    assert.equal(rows[0]![0], '1767225600.001234567')
    assert.deepEqual(
      rows.map((row) => row[1]),
      ['laptop:eth0', 'web:eth0'],
    )
    assert.equal(rows[0]![2], '7')
    assert.equal(rows[0]![3], 'first,second')
    assert.equal(rows[0]![4], '192.0.2.1')
  } finally {
    rmSync(folder, { recursive: true })
  }
})
