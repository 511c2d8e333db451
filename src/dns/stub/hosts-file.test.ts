import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DNS_LIMITS } from '../limits.ts'
import { parseHostsFile } from './hosts-file.ts'

test('names, aliases, comments, both families, any case, final dot', () => {
  const hosts = parseHostsFile(
    '# a comment\n127.0.0.1\tlocalhost\n::1 localhost ip6-localhost # six\n\n10.0.0.5 web.lan WEB\r\n',
  )
  assert.deepEqual(hosts.addresses('localhost'), ['127.0.0.1', '::1'])
  assert.deepEqual(hosts.addresses('localhost', 6), ['::1'])
  assert.deepEqual(hosts.addresses('web'), ['10.0.0.5'])
  assert.deepEqual(hosts.addresses('Web.LAN.'), ['10.0.0.5'])
  assert.deepEqual(hosts.addresses('other'), [])
  assert.deepEqual(hosts.faults, [])
})

test('a bad line is named and skipped', () => {
  const hosts = parseHostsFile('300.1.1.1 a\n10.0.0.1\n10.0.0.2 b')
  assert.deepEqual(
    hosts.faults.map(({ line, at, why }) => [line, at, why]),
    [
      [1, 0, "'300.1.1.1' is not an IP address"],
      [2, 12, 'no name after 10.0.0.1'],
    ],
  )
  assert.deepEqual(hosts.addresses('b'), ['10.0.0.2'])
})

test('a block list of a million lines is walked once; names that are not there cost nothing', () => {
  const text = Array.from({ length: 100_000 }, (_, i) => `0.0.0.0 ad${i}.example.\n`).join('')
  const hosts = parseHostsFile(text)
  assert.deepEqual(hosts.addresses('ad99999.example'), ['0.0.0.0'])
  assert.deepEqual(hosts.addresses('ad100000.example'), [])
  const faulty = parseHostsFile('nonsense a\n'.repeat(1_000_000))
  assert.equal(faulty.faults.length, DNS_LIMITS.zone.faults)
})

test('a name may have many addresses, each once', () => {
  const hosts = parseHostsFile('10.0.0.1 a\n10.0.0.2 a\n10.0.0.1 A.\n10.0.0.3 a b a')
  assert.deepEqual(hosts.addresses('a'), ['10.0.0.1', '10.0.0.2', '10.0.0.3'])
})
