import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CLASS, TYPE } from '../../dns/message/types.ts'
import { UsageError } from '../command.ts'
import { readRequest, reverseName } from './request.ts'

function question(...words: string[]): unknown[] {
  const { name, type, class: rrclass } = readRequest(words)
  return [String(name), type, rrclass]
}

test('name, type, class and server in any order', () => {
  assert.deepEqual(question('example.org'), ['example.org.', TYPE.A, CLASS.IN])
  assert.deepEqual(question('MX', 'example.org'), ['example.org.', TYPE.MX, CLASS.IN])
  assert.deepEqual(question('example.org', 'TXT', 'CH'), ['example.org.', TYPE.TXT, CLASS.CH])
  assert.deepEqual(question('example.org', 'TYPE65'), ['example.org.', TYPE.HTTPS, CLASS.IN])
  assert.deepEqual(question('mx'), ['mx.', TYPE.A, CLASS.IN], 'a word alone is a name')
  assert.deepEqual(question('bücher.example'), ['xn--bcher-kva.example.', TYPE.A, CLASS.IN])
  assert.deepEqual(question(), ['.', TYPE.NS, CLASS.IN])
  assert.equal(readRequest(['@192.0.2.1', 'a']).server, '192.0.2.1')
  assert.equal(readRequest(['a']).server, undefined)
})

test('-t, -c and -x', () => {
  assert.equal(readRequest(['a'], { type: 'mx' }).type, TYPE.MX)
  assert.equal(readRequest([], { reverse: '192.0.2.1' }).type, TYPE.PTR)
  assert.equal(String(reverseName('192.0.2.1')), '1.2.0.192.in-addr.arpa.')
  assert.equal(
    String(reverseName('2001:db8::1')),
    '1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.',
  )
  assert.throws(() => reverseName('example.org'), UsageError)
  assert.throws(() => readRequest(['a'], { type: 'bogus' }), UsageError)
  assert.equal(readRequest(['version.bind', 'TXT'], { class: 'ch' }).class, CLASS.CH)
  assert.throws(() => readRequest(['a'], { class: 'bogus' }), /-c takes a class \(IN, CH, HS or ANY\), not 'bogus'/)
})

test('options and their opposites', () => {
  const { switches } = readRequest(['a', '+norecurse', '+noall', '+answer', '+do', '+vc'])
  assert.deepEqual(
    [switches.recurse, switches.comments, switches.stats, switches.answer, switches.dnssec, switches.tcp],
    [false, false, false, true, true, true],
  )
  assert.equal(readRequest(['a', '+bufsize=4096']).udpSize, 4096)
  assert.equal(readRequest(['example.org', 'ANY']).switches.tcp, true)
  assert.equal(readRequest(['example.org', 'ANY', '+notcp']).switches.tcp, false)
  for (const bad of ['+frob', '+bufsize', '+bufsize=1', '+time=0', '+tries=x', '+short=1', '+', '+noconstructor'])
    assert.throws(() => readRequest(['a', bad]), UsageError, bad)
})
