/** PROXY headers: vectors of the specification, what is refused, and that what is written is read. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '../../base/fault.ts'
import { putU16, putU32 } from '../../base/octets.ts'
import { below, SeededRandom } from '../../base/random.ts'
import type { Address } from '../address.ts'
import { crc32c } from './crc32c.ts'
import { NOTHING_SAID, type ProxyHeader, SIGNATURE } from './header.ts'
import { readProxyHeader } from './read.ts'
import { writeProxyHeader } from './write.ts'

const MOST = 4096

function read(bytes: Uint8Array | string, most = MOST) {
  return readProxyHeader(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes, most)
}

function wholeOf(bytes: Uint8Array | string): ProxyHeader {
  const outcome = read(bytes)
  assert.ok(outcome !== null && !(outcome instanceof Fault), String(outcome instanceof Fault ? outcome.why : outcome))
  return outcome.header
}

function refusal(bytes: Uint8Array | string, most = MOST): string {
  const outcome = read(bytes, most)
  assert.ok(outcome instanceof Fault, `taken: ${Buffer.from(bytes as string, 'latin1').toString('latin1')}`)
  return outcome.why
}

test('CRC-32C as RFC 3720 §B.4 has it', () => {
  assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa)
  assert.equal(crc32c(new Uint8Array(32).fill(255)), 0x62a8ab43)
  assert.equal(crc32c(Buffer.from('123456789')), 0xe3069283)
})

test('version 1: both families, what is unknown, and where the line ends', () => {
  const line = 'PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n'
  const outcome = read(`${line}GET / HTTP/1.1\r\n`)
  assert.ok(outcome !== null && !(outcome instanceof Fault))
  assert.equal(outcome.length, line.length)
  assert.deepEqual(outcome.header.source, { address: '192.0.2.1', port: 56324 })
  assert.deepEqual(outcome.header.destination, { address: '198.51.100.2', port: 443 })
  const six = wholeOf('PROXY TCP6 2001:DB8:0:0::1 ::1 0 65535\r\n')
  assert.deepEqual(six.source, { address: '2001:db8::1', port: 0 })
  for (const unknown of ['PROXY UNKNOWN\r\n', 'PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n', 'PROXY UNKNOWN what ever\r\n'])
    assert.deepEqual(wholeOf(unknown), { ...NOTHING_SAID, version: 1 })
  const longest = `PROXY UNKNOWN ${'f'.repeat(91)}\r\n`
  assert.equal(longest.length, 107)
  wholeOf(longest)
})

test('version 1: what two readers could read in two ways is refused', () => {
  const bad = [
    'PROXY TCP4 192.0.2.1 198.51.100.2 56324\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.2 56324 443 \r\n',
    'PROXY TCP4  192.0.2.1 198.51.100.2 56324 443\r\n',
    'PROXY TCP4 192.0.2.01 198.51.100.2 56324 443\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.2 056324 443\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.2 65536 443\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.2 -1 443\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.2 1 +443\r\n',
    'PROXY TCP4 ::1 198.51.100.2 1 443\r\n',
    'PROXY TCP6 192.0.2.1 198.51.100.2 1 443\r\n',
    'PROXY TCP6 fe80::1%eth0 ::1 1 443\r\n',
    'PROXY TCP5 192.0.2.1 198.51.100.2 1 443\r\n',
    'PROXY UDP4 192.0.2.1 198.51.100.2 1 443\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.2 1 443\n',
    'PROXY TCP4 192.0.2.1\t198.51.100.2 1 443\r\n',
    'PROXY\r\n',
    'PROXY \r\n',
    `PROXY UNKNOWN ${'f'.repeat(92)}\r\n`,
    'proxy TCP4 192.0.2.1 198.51.100.2 1 443\r\n',
    'GET / HTTP/1.1\r\n\r\n',
    '\x16\x03\x01',
  ]
  for (const text of bad) refusal(text)
  assert.match(refusal('GET '), /does not begin with a PROXY header/)
})

test('a header that is not whole is waited for, and never longer than it can be', () => {
  const headers = [
    Buffer.from('PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n'),
    writeProxyHeader(2, { source: { address: '192.0.2.1', port: 1 }, destination: { address: '192.0.2.2', port: 2 } }),
    writeProxyHeader(2, { source: null, destination: null, alpn: 'h2' }),
  ]
  for (const header of headers)
    for (let cut = 0; cut < header.length; cut++) assert.equal(read(header.subarray(0, cut)), null, `${cut}`)
  assert.equal(read('P'.padEnd(1)), null)
  assert.match(refusal(`PROXY UNKNOWN ${'x'.repeat(93)}`), /longer than 107/)
  const long = writeProxyHeader(2, { source: null, destination: null, authority: 'a'.repeat(300) })
  assert.match(refusal(long.subarray(0, 16), 300), /longer than 300/)
  assert.match(refusal(Uint8Array.of(...SIGNATURE, 0x21, 0x11, 0xff, 0xff)), /longer than 4096/)
})

test('version 2: the octets of a header of HAProxy', () => {
  // "send-proxy-v2" of a TCP connection from 127.0.0.1:48154 to 127.0.0.1:8080.
  const bytes = Uint8Array.of(...SIGNATURE, 0x21, 0x11, 0, 12, 127, 0, 0, 1, 127, 0, 0, 1, 0xbc, 0x1a, 0x1f, 0x90)
  const header = wholeOf(bytes)
  assert.deepEqual(header.source, { address: '127.0.0.1', port: 48154 })
  assert.deepEqual(header.destination, { address: '127.0.0.1', port: 8080 })
  assert.equal(header.version, 2)
})

test('version 2: what is written is read, whatever it is', () => {
  const random = new SeededRandom('proxy headers')
  const pick = <T>(all: readonly T[]): T => all[below(random, all.length)]!
  const addresses: readonly (readonly [Address | null, Address | null])[] = [
    [null, null],
    [
      { address: '192.0.2.1', port: 1 },
      { address: '255.255.255.255', port: 65535 },
    ],
    [
      { address: '2001:db8::1', port: 0 },
      { address: '::', port: 9 },
    ],
    [{ path: '/run/client.sock' }, { path: '/run/server.sock' }],
    [{ path: '' }, { path: 'x'.repeat(108) }],
  ]
  const ssl = {
    encrypted: true,
    certificate: true,
    certificateInSession: false,
    verified: true,
    version: 'TLSv1.3',
    commonName: 'Jürgen',
    cipher: 'TLS_AES_128_GCM_SHA256',
    signature: '',
    key: 'RSA2048',
  }
  for (let i = 0; i < 300; i++) {
    const [source, destination] = pick(addresses)
    const header: ProxyHeader = {
      version: 2,
      source,
      destination,
      alpn: pick([null, 'h2', 'http/1.1']),
      authority: pick([null, 'a.example', 'b'.repeat(255)]),
      uniqueId: pick([null, Uint8Array.of(1, 2, 3), new Uint8Array(128)]),
      namespace: pick([null, 'blue']),
      ssl: pick([null, ssl, { ...ssl, verified: false, commonName: '' }]),
      more: pick([[], [{ type: 0xe0, value: new Uint8Array(below(random, 40)) }]]),
    }
    const bytes = writeProxyHeader(2, header)
    // §2.2: LOCAL says that nothing else is to be used.
    assert.deepEqual(wholeOf(bytes), source === null ? NOTHING_SAID : header)
    // One octet that arrives wrong is found, by the checksum at the latest.
    const at = below(random, bytes.length)
    const broken = bytes.slice()
    broken[at]! ^= 1 << below(random, 8)
    const outcome = read(broken)
    const harmless = outcome === null || outcome instanceof Fault
    // Of the type of the checksum's own part nothing can tell; of a length that grew the end is waited for.
    if (!harmless) assert.equal(at, bytes.length - 7)
  }
})

test('version 2: addresses of two families go out as IPv6, of a path and an address as paths, or as nothing', () => {
  const source = { address: '192.0.2.1', port: 5 }
  const destination = { address: '2001:db8::2', port: 6 }
  const header = wholeOf(writeProxyHeader(2, { source, destination }))
  assert.deepEqual(header.source, { address: '::ffff:192.0.2.1', port: 5 })
  assert.deepEqual(header.destination, destination)
  assert.equal(
    Buffer.from(writeProxyHeader(1, { source, destination })).toString(),
    'PROXY TCP6 ::ffff:192.0.2.1 2001:db8::2 5 6\r\n',
  )
  const mixed = wholeOf(writeProxyHeader(2, { source, destination: { path: '/run/a' } }))
  assert.deepEqual(mixed.source, { path: '192.0.2.1:5' })
  assert.equal(Buffer.from(writeProxyHeader(1, { source: null, destination: null })).toString(), 'PROXY UNKNOWN\r\n')
  assert.throws(
    () => writeProxyHeader(2, { source: null, destination: null, uniqueId: new Uint8Array(129) }),
    RangeError,
  )
  assert.throws(() => writeProxyHeader(2, { source, destination, authority: 'x'.repeat(65_600) }), RangeError)
})

test('version 2: what is not whole, not known or not true is refused', () => {
  const good = () =>
    writeProxyHeader(2, { source: { address: '192.0.2.1', port: 1 }, destination: { address: '192.0.2.2', port: 2 } })
  const broken = (at: number, value: number) => {
    const bytes = good()
    bytes[at] = value
    return bytes
  }
  assert.match(refusal(broken(12, 0x11)), /version 2/)
  assert.match(refusal(broken(12, 0x22)), /LOCAL or PROXY/)
  assert.match(refusal(broken(13, 0x41)), /unknown family/)
  assert.match(refusal(broken(13, 0x13)), /unknown family/)
  assert.match(refusal(broken(13, 0x21)), /too short for its addresses/)
  assert.match(refusal(broken(20, 99)), /checksum/)
  const tail = (...octets: number[]) => {
    const bytes = Uint8Array.of(...SIGNATURE, 0x21, 0x11, 0, 12 + octets.length, ...new Array(12).fill(0), ...octets)
    putU16(bytes, 14, 12 + octets.length)
    return bytes
  }
  assert.match(refusal(tail(1)), /longer than the header/)
  assert.match(refusal(tail(1, 0)), /longer than the header/)
  assert.match(refusal(tail(1, 0, 5, 104)), /longer than the header/)
  assert.match(refusal(tail(3, 0, 3, 1, 2, 3)), /checksum/)
  assert.match(refusal(tail(0x20, 0, 4, 1, 2, 3, 4)), /TLS part/)
  assert.match(refusal(tail(0x20, 0, 8, 1, 0, 0, 0, 0, 0x21, 0, 9)), /TLS part/)
  assert.match(refusal(tail(5, 0, 129, ...new Array(129).fill(1))), /128/)
  // Padding, and a checksum that is right, are taken. Datagrams and unknown families carry no address that counts.
  wholeOf(tail(4, 0, 2, 0, 0))
  const summed = tail(3, 0, 4, 0, 0, 0, 0)
  putU32(summed, summed.length - 4, crc32c(summed))
  wholeOf(summed)
  assert.equal(wholeOf(Uint8Array.of(...SIGNATURE, 0x21, 0x00, 0, 3, 4, 0, 0)).source, null)
})
