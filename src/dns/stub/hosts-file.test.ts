import assert from 'node:assert/strict'
import { test } from 'node:test'
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
  assert.deepEqual(hosts.faults, [
    { line: 1, why: "'300.1.1.1' is not an IP address" },
    { line: 2, why: 'no name after 10.0.0.1' },
  ])
  assert.deepEqual(hosts.addresses('b'), ['10.0.0.2'])
})
