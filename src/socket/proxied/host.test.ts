/** The PROXY protocol on hosts of a simulated network: who is believed, who is refused, and what follows the header. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ms, seconds, sleep } from '../../base/duration.ts'
import { internet } from '../../sim/index.ts'
import { formatAddress } from '../address.ts'
import type { Connection, Host } from '../host.ts'
import { ProxiedConnection, type ProxiedOptions, proxied } from './host.ts'
import { writeProxyHeader } from './write.ts'

const CLIENT = { address: '203.0.113.9', port: 50_000 }
const SITE = { address: '192.0.2.80', port: 443 }

interface World {
  readonly proxy: Host
  readonly stranger: Host
  readonly web: Host
  readonly at: { readonly address: string; readonly port: number }
  /** `203.0.113.9:50000>192.0.2.80:443 hello`, and why connections were refused. */
  readonly log: string[]
}

async function world(options: Partial<ProxiedOptions>, play: (world: World) => Promise<void>): Promise<void> {
  const net = internet({ seed: 'proxied' })
  const [proxy, stranger, web] = [net.host('proxy'), net.host('stranger'), net.host('web')]
  const lan = net.lan('lan')
  for (const host of [proxy, stranger, web]) net.link(host, lan, { latency: ms(5) })
  await net.run(async () => {
    const log: string[] = []
    const from = await web.lookup('proxy')
    const host = proxied(web, { from, onRefused: (why) => void log.push(why.why), ...options })
    const listener = await host.listen({ address: '0.0.0.0', port: 80 }, (connection) => {
      let text = ''
      connection.attach({
        onData: (bytes) => void (text += Buffer.from(bytes).toString()),
        onEnd() {
          log.push(`${formatAddress(connection.remote)}>${formatAddress(connection.local)} ${text}`)
          connection.close()
        },
        onDrain() {},
        onClose() {},
      })
    })
    const [address] = (await proxy.lookup('web')) as [string]
    await play({ proxy, stranger, web, at: { address, port: 80 }, log })
    await listener.close()
  })
}

function send(connection: Connection, ...pieces: (Uint8Array | string)[]): void {
  connection.attach({ onData() {}, onEnd() {}, onDrain() {}, onClose() {} })
  for (const piece of pieces) connection.write(typeof piece === 'string' ? Buffer.from(piece) : piece)
  connection.end()
}

test('a listed proxy says who the client is; what follows the header reaches the owner, in one packet or octet by octet', async () => {
  await world({}, async ({ proxy, at, log }) => {
    for (const version of [1, 2] as const) {
      const header = writeProxyHeader(version, { source: CLIENT, destination: SITE })
      send(await proxy.connect(at), Buffer.concat([header, Buffer.from('hello')]))
      const slow = await proxy.connect(at)
      for (const octet of header) {
        slow.write(Uint8Array.of(octet))
        await sleep(proxy.clock, ms(10))
      }
      send(slow, 'hello')
    }
    await sleep(proxy.clock, ms(100))
    assert.deepEqual(log, new Array(4).fill('203.0.113.9:50000>192.0.2.80:443 hello'))
  })
})

test('a stranger is refused, whatever the stranger sends, or taken as who the stranger is', async () => {
  const header = writeProxyHeader(2, { source: CLIENT, destination: SITE })
  await world({}, async ({ stranger, at, log }) => {
    send(await stranger.connect(at), header, 'hello')
    await sleep(stranger.clock, ms(100))
    assert.deepEqual(log, ['the connection does not come from a proxy that is listed'])
  })
  await world({ others: 'take' }, async ({ stranger, at, log }) => {
    send(await stranger.connect(at), 'PROXY TCP4 203.0.113.9 192.0.2.80 1 2\r\n')
    await sleep(stranger.clock, ms(100))
    // The line is the stranger's own, and so is the address.
    assert.equal(log.length, 1)
    assert.match(log[0]!, /^(?!203).* PROXY TCP4/)
  })
})

test('a proxy that speaks for itself is itself', async () => {
  await world({}, async ({ proxy, at, log }) => {
    for (const version of [1, 2] as const)
      send(await proxy.connect(at), writeProxyHeader(version, { source: null, destination: null }), 'check')
    await sleep(proxy.clock, ms(100))
    assert.equal(log.length, 2)
    for (const line of log) assert.match(line, new RegExp(`^(?!203).*>${at.address}:80 check$`))
  })
})

test('proxyHeaderTime, proxyHeaderBytes: a proxy that is slow, leaves, or says too much is refused', async () => {
  await world({ limits: { proxyHeaderTime: seconds(2), proxyHeaderBytes: 100 } }, async ({ proxy, at, log }) => {
    const slow = await proxy.connect(at)
    slow.write(Buffer.from('PROXY TCP4'))
    await sleep(proxy.clock, ms(1900))
    assert.deepEqual(log, [])
    await sleep(proxy.clock, ms(200))
    send(await proxy.connect(at), 'PROXY')
    await sleep(proxy.clock, ms(100))
    send(await proxy.connect(at), writeProxyHeader(2, { source: null, destination: null, authority: 'a'.repeat(100) }))
    await sleep(proxy.clock, ms(100))
    send(await proxy.connect(at), 'GET / HTTP/1.1\r\n\r\n')
    await sleep(proxy.clock, ms(100))
    assert.deepEqual(log, [
      'the PROXY header has not come in time',
      'the connection ended within its PROXY header',
      'the PROXY header is longer than 100 bytes',
      'the connection does not begin with a PROXY header',
    ])
  })
})

test('a connection that is made says for whom, before anything else', async () => {
  await world({}, async ({ proxy, at, log }) => {
    const through = proxied(proxy, { send: 2, header: () => ({ source: CLIENT, destination: SITE, alpn: 'h2' }) })
    send(await through.connect(at), 'hello')
    send(await proxied(proxy, { send: 1 }).connect(at), 'own')
    await sleep(proxy.clock, ms(100))
    assert.equal(log[0], '203.0.113.9:50000>192.0.2.80:443 hello')
    assert.match(log[1]!, /^(?!203).* own$/)
    const failing = proxied(proxy, { send: 2, header: () => assert.fail('no header') })
    await assert.rejects(failing.connect(at), /no header/)
  })
})

test('the TLS that the proxy has ended is the security of the connection', () => {
  const ssl = {
    encrypted: true,
    certificate: false,
    certificateInSession: false,
    verified: false,
    version: 'TLSv1.3',
    commonName: '',
    cipher: 'TLS_AES_128_GCM_SHA256',
    signature: '',
    key: '',
  }
  const header = { source: CLIENT, destination: SITE, alpn: 'h2', authority: 'a.example', ssl } as const
  const said = { version: 2, uniqueId: null, namespace: null, more: [], ...header } as const
  const under = { security: null, remote: SITE } as unknown as Connection
  assert.deepEqual(new ProxiedConnection(under, said).security, {
    protocol: 'h2',
    serverName: 'a.example',
    version: 'TLSv1.3',
    cipher: 'TLS_AES_128_GCM_SHA256',
    authorized: false,
    certificate: null,
  })
  assert.equal(new ProxiedConnection(under, { ...said, ssl: { ...ssl, encrypted: false } }).security, null)
  assert.deepEqual(new ProxiedConnection(under, said).proxy, SITE)
})
