/** TLS-ALPN-01 (RFC 8737): the challenge's certificate for whoever asks for it, and for nobody else. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { connect as connectPlain } from 'node:net'
import { test } from 'node:test'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { needCommand } from '../../../test/need.ts'
import { kernelHost } from '../../kernel/index.ts'
import { ipOf } from '../../socket/index.ts'
import type { CertificateStore, Identity } from '../index.ts'
import { createAuthority, issue, tlsHost } from '../index.ts'
import { readHello } from './hello.ts'

const authority = createAuthority('a test')
const usual = issue(authority, ['shop.example'])
const answer = issue(authority, ['challenged.example'])

/** A server with a challenge for shop.example open. */
async function challenged(driver: 'uring' | 'node', body: (port: number, accepted: () => number) => Promise<void>) {
  const challenges = new Map<string, Identity>([['shop.example', answer]])
  const certificates: CertificateStore = { version: 1, challenges, identityFor: () => usual }
  let accepted = 0
  const host = tlsHost(kernelHost({ driver }), { server: { certificates } })
  const listener = await host.listen({ address: '127.0.0.1', port: 0 }, (connection) => {
    accepted++
    connection.attach({
      onData: (data) => void connection.write(data),
      onEnd: () => connection.end(),
      onDrain() {},
      onClose() {},
    })
  })
  try {
    await body(ipOf(listener.local, 'listen').port, () => accepted)
  } finally {
    await listener.close()
  }
}

async function secured(port: number, options: ConnectionOptions): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', servername: 'shop.example', rejectUnauthorized: false, ...options })
  await once(socket, 'secureConnect')
  return socket
}

for (const driver of ['uring', 'node'] as const) {
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const)
    test(`${driver}, ${version}: the answer for acme-tls/1, the usual certificate for all others`, () =>
      challenged(driver, async (port, accepted) => {
        const asking = await secured(port, { ALPNProtocols: ['acme-tls/1'], maxVersion: version })
        assert.equal(asking.alpnProtocol, 'acme-tls/1')
        assert.equal(asking.getPeerX509Certificate()!.subjectAltName, 'DNS:challenged.example')
        asking.resume()
        await once(asking, 'close')
        assert.equal(accepted(), 0)
        for (const ALPNProtocols of [['http/1.1'], ['h2', 'http/1.1'], undefined]) {
          const other = await secured(port, { ...(ALPNProtocols && { ALPNProtocols }), maxVersion: version })
          assert.equal(other.getPeerX509Certificate()!.subjectAltName, 'DNS:shop.example')
          other.write('hello')
          const [data] = (await once(other, 'data')) as [Buffer]
          assert.equal(String(data), 'hello')
          other.destroy()
        }
        assert.equal(accepted(), 3)
      }))

  test(`${driver}: who asks for a name without a challenge, or for more protocols, is refused or served as usual`, () =>
    challenged(driver, async (port) => {
      await assert.rejects(
        secured(port, { servername: 'other.example', ALPNProtocols: ['acme-tls/1'] }),
        /ALPN|alert|closed|reset/i,
      )
      const both = await secured(port, { ALPNProtocols: ['acme-tls/1', 'http/1.1'] })
      assert.equal(both.alpnProtocol, 'http/1.1')
      both.destroy()
    }))

  test(`${driver}: what is no TLS is refused as without a challenge, and a hello may come octet by octet`, () =>
    challenged(driver, async (port, accepted) => {
      const plain = connectPlain(port, '127.0.0.1')
      plain.write('GET / HTTP/1.1\r\n\r\n')
      plain.resume()
      await once(plain, 'close')
      assert.equal(accepted(), 0)
      const slow = connectPlain(port, '127.0.0.1')
      slow.setNoDelay(true)
      for (const octet of Buffer.from('16030100', 'hex')) slow.write(Buffer.of(octet))
      slow.destroy()
      await once(slow, 'close')
      const after = await secured(port, { ALPNProtocols: ['acme-tls/1'] })
      assert.equal(after.getPeerX509Certificate()!.subjectAltName, 'DNS:challenged.example')
      after.destroy()
    }))
}

test('openssl as the one who looks', { skip: needCommand('openssl') }, () =>
  challenged('node', async (port) => {
    const args = ['s_client', '-connect', `127.0.0.1:${port}`, '-servername', 'shop.example', '-alpn', 'acme-tls/1']
    const { stdout } = await promisify(execFile)('sh', ['-c', `openssl ${args.join(' ')} </dev/null`])
    assert.match(stdout, /ALPN protocol: acme-tls\/1/)
    const pem = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/.exec(stdout)![0]
    assert.equal(new X509Certificate(pem).subjectAltName, 'DNS:challenged.example')
  }),
)

/** A hello as OpenSSL makes it. */
async function realHello(): Promise<Buffer> {
  const { createServer } = await import('node:net')
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const client = connect({ port, host: '127.0.0.1', servername: 'Shop.Example', ALPNProtocols: ['h2', 'acme-tls/1'] })
  client.on('error', () => {})
  const [socket] = (await once(server, 'connection')) as [import('node:net').Socket]
  const [data] = (await once(socket, 'data')) as [Buffer]
  socket.destroy()
  client.destroy()
  server.close()
  return data
}

test('a hello is read whole, cut anywhere, and in several records; what is broken never throws', async () => {
  const hello = await realHello()
  const expected = { serverName: 'shop.example', protocols: ['h2', 'acme-tls/1'] }
  assert.deepEqual(readHello(hello), expected)
  for (let length = 0; length < hello.length; length++) {
    const needed = readHello(hello.subarray(0, length))
    assert.ok(typeof needed === 'number' && needed > length && needed <= hello.length, `${length}: ${needed}`)
  }
  const [first, second] = [hello.subarray(5, 60), hello.subarray(60)]
  const record = (part: Buffer) => Buffer.concat([Buffer.of(22, 3, 1, part.length >> 8, part.length & 255), part])
  assert.deepEqual(readHello(Buffer.concat([record(first), record(second)])), expected)
  assert.equal(readHello(Buffer.concat(Array.from({ length: 5 }, () => record(hello.subarray(5, 6))))), null)
  assert.equal(readHello(Buffer.from('GET / HTTP/1.1\r\n')), null)
  fc.assert(
    fc.property(fc.nat(hello.length - 1), fc.nat(255), (at, octet) => {
      const broken = Buffer.from(hello)
      broken[at] = octet
      const read = readHello(broken)
      return read === null || typeof read === 'number' || Array.isArray(read.protocols)
    }),
    { numRuns: 2000 },
  )
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (octets) => void readHello(octets)))
})
