/** TLS between hosts of every kind: what is agreed on, who is believed, and how each end leaves. */
import assert from 'node:assert/strict'
import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { test } from 'node:test'
import { type ConnectionOptions, connect } from 'node:tls'
import { ms, seconds, sleep } from '../../base/duration.ts'
import { RecordingLog } from '../../base/events.ts'
import { kernelHost } from '../../kernel/index.ts'
import { internet } from '../../sim/index.ts'
import { virtualGlobals } from '../../sim/node/index.ts'
import type { Connection, ConnectionOwner, Host, Listener } from '../../socket/host.ts'
import type { TlsEvent } from '../events.ts'
import {
  Certificates,
  clientTls,
  createAuthority,
  type Identity,
  issue,
  type TlsClientOptions,
  type TlsError,
  type TlsServerOptions,
  tlsHost,
} from '../index.ts'
import { distinguished, signed } from './authority/x509.ts'

const NAME = 'shop.example'
const authority = createAuthority('a test')
const trust = [authority.certificate]
const shop = issue(authority, [NAME, '*.shop.example', '127.0.0.1', '10.0.0.2'])

const day = 86_400_000
const past = { from: new Date(Date.now() - 9 * day), until: new Date(Date.now() - 2 * day) }

/** A server and a client machine, and where the server is reached. */
interface Pair {
  readonly server: Host
  readonly client: Host
  readonly address: string
}

/** Runs a body on this machine's sockets by each driver, and in a simulated Internet. */
function everywhere(title: string, body: (pair: Pair) => Promise<void>): void {
  for (const driver of ['uring', 'node'] as const)
    test(`${driver}: ${title}`, async () => {
      const host = kernelHost({ driver })
      await body({ server: host, client: host, address: '127.0.0.1' })
    })
  test(`simulated: ${title}`, () => simulated(body))
}

async function simulated(body: (pair: Pair) => Promise<void>, log?: RecordingLog): Promise<void> {
  const net = internet({ seed: 1, ...(log && { log }) })
  const globals = virtualGlobals(net)
  const [client, server] = [net.host('client'), net.host('server')]
  net.link(client, server, { latency: ms(5), addresses: ['10.0.0.1/24', '10.0.0.2/24'] })
  await net.run(() => body({ server, client, address: '10.0.0.2' })).finally(() => globals.restore())
}

/** Gathers what a connection brings; answers with what `reply` says. */
class Collector implements ConnectionOwner {
  text = ''
  error: Error | null = null
  readonly ended: Promise<void>
  readonly closed: Promise<void>
  #end!: () => void
  #close!: () => void

  constructor(readonly_: { onData?: (text: string) => void } = {}) {
    this.#heard = readonly_.onData
    this.ended = new Promise((resolve) => (this.#end = resolve))
    this.closed = new Promise((resolve) => (this.#close = resolve))
  }

  readonly #heard: ((text: string) => void) | undefined

  onData(bytes: Uint8Array): void {
    const text = new TextDecoder('latin1').decode(bytes)
    this.text += text
    this.#heard?.(text)
  }

  onEnd(): void {
    this.#end()
  }

  onDrain(): void {}

  onClose(error: Error | null): void {
    this.error = error
    this.#end()
    this.#close()
  }
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

async function echo(
  pair: Pair,
  options: Partial<TlsServerOptions> = {},
): Promise<Listener & { readonly accepted: Connection[] }> {
  const accepted: Connection[] = []
  const host = tlsHost(pair.server, { server: { certificates: shop, ...options } })
  const listener = await host.listen({ address: pair.address, port: 0 }, (connection) => {
    accepted.push(connection)
    connection.attach({
      onData: (data) => void connection.write(data),
      onEnd: () => connection.end(),
      onDrain() {},
      onClose() {},
    })
  })
  return Object.assign(listener, { accepted })
}

async function secure(
  pair: Pair,
  listener: Listener,
  serverName = NAME,
  options: TlsClientOptions = { trust },
): Promise<Connection> {
  const tls = clientTls(options)
  return tls.secure(pair.client, await tls.carrier(pair.client).connect(listener.local), {
    serverName,
    protocols: ['http/1.1'],
  })
}

everywhere('either end resets as soon as it is secure: the other is told, and the process lives', async (pair) => {
  for (const resets of ['client', 'server'] as const)
    for (let round = 0; round < 5; round++) {
      const host = tlsHost(pair.server, { server: { certificates: shop } })
      const listener = await host.listen({ address: pair.address, port: 0 }, (connection) => {
        connection.attach(new Collector())
        if (resets === 'server') connection.reset()
      })
      const told = new Collector()
      // A server that is quick breaks the client's handshake off.
      const connection = await secure(pair, listener).catch(() => null)
      connection?.attach(told)
      if (resets === 'client') connection!.reset()
      if (connection !== null) await told.closed
      await listener.close()
    }
})

everywhere('a megabyte there and back, both ends know what was agreed on, each half ends for itself', async (pair) => {
  const listener = await echo(pair)
  const connection = await secure(pair, listener)
  assert.deepEqual(connection.security && { ...connection.security, certificate: null }, {
    protocol: 'http/1.1',
    serverName: NAME,
    version: 'TLSv1.3',
    cipher: 'TLS_AES_128_GCM_SHA256',
    authorized: true,
    certificate: null,
  })
  assert.equal(new X509Certificate(connection.security!.certificate!).checkHost(NAME), NAME)
  const collector = new Collector()
  connection.attach(collector)
  const sent = 'through the tunnel '.repeat(55_000)
  connection.write(bytes(sent))
  connection.end()
  await collector.ended
  assert.ok(collector.text === sent, `${collector.text.length} of ${sent.length} octets`)
  await collector.closed
  assert.equal(collector.error, null)
  const [served] = listener.accepted
  assert.equal(served!.security!.serverName, NAME)
  assert.equal(served!.security!.protocol, 'http/1.1')
  assert.equal(served!.security!.certificate, null)
  assert.deepEqual(served!.remote, connection.local)
  await listener.close()
})

everywhere('a certificate that is not the right one is refused, in words that say what to do', async (pair) => {
  const self = issue(createAuthority('somebody else'), [NAME])
  const cases: readonly [Identity, string, string, RegExp][] = [
    [
      shop,
      'other.example',
      'TLS_WRONG_NAME',
      /other\.example shows is for shop\.example, \*\.shop\.example, 127\.0\.0\.1/,
    ],
    [shop, 'a.b.shop.example', 'TLS_WRONG_NAME', /is for shop\.example/],
    [issue(authority, [NAME], past), NAME, 'TLS_CERTIFICATE_EXPIRED', /has expired: it was valid until .* GMT/],
    [self, NAME, 'TLS_UNTRUSTED', /its issuer .*somebody else.* is unknown here/],
  ]
  for (const [certificates, name, code, says] of cases) {
    const listener = await echo(pair, { certificates })
    await assert.rejects(secure(pair, listener, name), (error: TlsError) => {
      assert.equal(error.code, code)
      assert.match(error.message, says)
      return true
    })
    assert.equal(listener.accepted.length <= 1, true)
    await listener.close()
  }
})

everywhere('names are answered by their certificates, which are renewed while the server runs', async (pair) => {
  const blog = issue(authority, ['blog.example'])
  const certificates = new Certificates([shop, blog])
  const listener = await echo(pair, { certificates })
  const shown = async (name: string) => {
    const connection = await secure(pair, listener, name)
    const { serialNumber } = new X509Certificate(connection.security!.certificate!)
    connection.close()
    return serialNumber
  }
  const serial = ({ certificate }: Identity) => new X509Certificate(certificate).serialNumber
  assert.equal(await shown('blog.example'), serial(blog))
  assert.equal(await shown('BLOG.example'), serial(blog))
  assert.equal(await shown('www.shop.example'), serial(shop))
  assert.equal(await shown(pair.address), serial(shop), 'a client that names nobody')
  const renewed = issue(authority, ['blog.example', pair.address])
  certificates.use([renewed])
  assert.equal(await shown('blog.example'), serial(renewed))
  assert.equal(await shown(pair.address), serial(renewed))
  await assert.rejects(shown(NAME), { code: 'TLS_WRONG_NAME' })
  await listener.close()
})

everywhere('clients show certificates where they are asked to', async (pair) => {
  const identity = issue(authority, ['client.example'])
  const listener = await echo(pair, { clientCertificates: 'require', trust })
  const known = await secure(pair, listener, NAME, { trust, identity })
  known.attach(new Collector())
  known.write(bytes('hello'))
  await known.flush()
  while (listener.accepted.length === 0) await sleep(pair.server.clock, ms(1))
  const { security } = listener.accepted[0]!
  assert.equal(security!.authorized, true)
  assert.equal(new X509Certificate(security!.certificate!).checkHost('client.example'), 'client.example')
  known.close()
  // TLS 1.3: the client's handshake is done before the server has looked at its certificate.
  for (const options of [{ trust }, { trust, identity: issue(createAuthority('a stranger'), ['client.example']) }]) {
    const collector = new Collector()
    const stranger = await secure(pair, listener, NAME, options).catch((error: Error) => error)
    if (stranger instanceof Error) continue
    stranger.attach(collector)
    await collector.ended
    stranger.close()
    await collector.closed
    assert.equal(collector.text, '')
  }
  assert.equal(listener.accepted.length, 1)
  await listener.close()
})

test('a session of one listener does not let a client in at another that trusts others, whatever ticket keys they share', async () => {
  await simulated(async (pair) => {
    const ticketKeys = new Uint8Array(48).fill(7)
    const partner = createAuthority('a partner')
    const identity = issue(partner, ['client.example'])
    const options = { clientCertificates: 'require', ticketKeys } as const
    const theirs = await echo(pair, { ...options, trust: [partner.certificate] })
    const ours = await echo(pair, { ...options, trust })
    const again = await echo(pair, { ...options, trust: [partner.certificate] })
    // One client whose sessions are found by name and port: its carriers lead elsewhere.
    const tls = clientTls({ trust, identity })
    const visit = async (listener: Listener) => {
      const carrier = await tls.carrier(pair.client).connect(listener.local)
      const shown = new Proxy(carrier, {
        get: (of, name) => {
          if (name === 'remote') return theirs.local
          const value: unknown = Reflect.get(of, name, of)
          return typeof value === 'function' ? value.bind(of) : value
        },
      })
      const connection = await tls.secure(pair.client, shown, { serverName: NAME }).catch(() => null)
      if (connection === null) return ''
      const collector = new Collector({ onData: () => connection.end() })
      connection.attach(collector)
      connection.write(bytes('hello'))
      await collector.closed
      return collector.text
    }
    assert.equal(await visit(theirs), 'hello')
    assert.equal(await visit(ours), '')
    assert.equal(ours.accepted.length, 0)
    assert.equal(await visit(again), 'hello')
    for (const listener of [theirs, ours, again]) await listener.close()
  })
})

everywhere('a session is resumed, also across a renewal of the certificates', async (pair) => {
  const log = new RecordingLog()
  const certificates = new Certificates([shop])
  const listener = await echo({ ...pair, server: pair.server }, { certificates })
  const tls = clientTls({ trust })
  const watched = new Proxy(pair.client, { get: (of, name) => (name === 'events' ? log : Reflect.get(of, name, of)) })
  const visit = async () => {
    const carrier = await tls.carrier(pair.client).connect(listener.local)
    const connection = await tls.secure(watched, carrier, { serverName: NAME })
    const collector = new Collector({ onData: () => connection.end() })
    connection.attach(collector)
    connection.write(bytes('hello'))
    await collector.closed
  }
  await visit()
  await visit()
  certificates.use([issue(authority, [NAME])])
  await visit()
  assert.deepEqual(
    log.events.map((event) => (event as TlsEvent & { resumed?: boolean }).resumed),
    [false, true, true],
  )
  await listener.close()
})

everywhere(
  'reset breaks the connection off, close within a time ends, options are those of the carrier',
  async (pair) => {
    const listener = await echo(pair)
    const connection = await secure(pair, listener)
    connection.setOption('TCP_NODELAY', 1)
    assert.equal(connection.getOption('TCP_NODELAY'), 1)
    const collector = new Collector({ onData: () => connection.reset() })
    connection.attach(collector)
    connection.write(bytes('hello'))
    await collector.closed
    assert.equal(collector.error, null)
    const other = await secure(pair, listener)
    const gone = new Collector()
    other.attach(gone)
    other.close(seconds(1))
    await gone.closed
    await listener.close()
  },
)

test('a server that says nothing, one that speaks another protocol, and one that leaves are told apart', async () => {
  await simulated(async (pair) => {
    const answers: readonly [(connection: Connection) => void, string, RegExp][] = [
      [() => {}, 'TLS_TIMEOUT', /the handshake with shop\.example took longer than 10 s/],
      [
        (connection) => void connection.write(bytes('HTTP/1.1 400 Bad Request\r\n\r\n')),
        'TLS_HANDSHAKE',
        /does not speak TLS on this port/,
      ],
      [(connection) => connection.close(), 'TLS_HANDSHAKE', /shop\.example closed the connection during the handshake/],
    ]
    for (const [answer, code, says] of answers) {
      const listener = await pair.server.listen({ address: pair.address, port: 0 }, (connection) => {
        connection.attach({ onData: () => answer(connection), onEnd() {}, onDrain() {}, onClose() {} })
      })
      await assert.rejects(secure(pair, listener), (error: TlsError) => {
        assert.match(error.message, says)
        assert.equal(error.code, code)
        return true
      })
      await listener.close()
    }
  })
})

test('clients that do not finish their handshake are given up in time, and only so many are waited for', async () => {
  const log = new RecordingLog()
  await simulated(async (pair) => {
    const failed: string[] = []
    const listener = await echo(pair, {
      limits: { handshakes: 3, handshakeTime: seconds(2) },
      onError: (error) => failed.push((error as TlsError).code),
    })
    const silent = await Promise.all(Array.from({ length: 5 }, () => pair.client.connect(listener.local)))
    const collectors = silent.map((connection) => {
      const collector = new Collector()
      connection.attach(collector)
      return collector
    })
    await sleep(pair.client.clock, seconds(1))
    assert.equal(collectors.filter(({ error }) => error !== null).length, 2, 'past the limit they are reset')
    await sleep(pair.client.clock, seconds(2))
    await Promise.all(collectors.map(({ ended }) => ended))
    assert.deepEqual(failed, ['TLS_TIMEOUT', 'TLS_TIMEOUT', 'TLS_TIMEOUT'])
    const fresh = await secure(pair, listener)
    fresh.close()
    await listener.close()
  }, log)
  const why = log.events
    .filter(({ type }) => type === 'tls.failed')
    .map((event) => (event as unknown as { why: string }).why)
  assert.match(why[0]!, /3 handshakes are under way already \(limit handshakes\)/)
})

test('what a store of certificates throws ends that handshake, and nothing else', async () => {
  await simulated(async (pair) => {
    const listener = await echo(pair, {
      certificates: {
        version: 1,
        identityFor(name) {
          if (name === 'bad.example') throw new Error('no such file')
          return name === 'none.example' ? null : shop
        },
      },
      onError() {
        throw new Error('and the report failed')
      },
    })
    for (const name of ['bad.example', 'none.example']) await assert.rejects(secure(pair, listener, name))
    const connection = await secure(pair, listener)
    connection.close()
    await listener.close()
  })
})

test('keys that are pinned must be in the chain', async () => {
  await simulated(async (pair) => {
    const listener = await echo(pair)
    const { createHash } = await import('node:crypto')
    const pinOf = ({ certificate }: Identity) =>
      createHash('sha256')
        .update(new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' }))
        .digest('base64')
    for (const identity of [shop, authority]) {
      const connection = await secure(pair, listener, NAME, { trust, pins: [pinOf(identity)] })
      connection.close()
    }
    await assert.rejects(secure(pair, listener, NAME, { trust, pins: [pinOf(issue(authority, [NAME]))] }), {
      code: 'TLS_NOT_PINNED',
    })
    await listener.close()
  })
})

test('a pinned certificate that is only sent along vouches for nobody', async () => {
  await simulated(async (pair) => {
    const { createHash } = await import('node:crypto')
    const pinned = createAuthority('the pinned one')
    const pin = createHash('sha256')
      .update(new X509Certificate(pinned.certificate).publicKey.export({ type: 'spki', format: 'der' }))
      .digest('base64')
    // Trusted, and not pinned: whoever gets a certificate there sends the pinned authority's beside his own. A link between
    // them is easy to write for who need not sign it: the trusted authority, as if the pinned one had made it.
    const own = issue(authority, [NAME])
    const link = signed(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey, {
      issuer: distinguished('the pinned one'),
      subject: distinguished('a test'),
      publicKey: new X509Certificate(authority.certificate).publicKey,
      validity: { from: past.from, until: new Date(Date.now() + day) },
      extensions: [],
    })
    for (const heap of [pinned.certificate, `${link}${pinned.certificate}`]) {
      const certificates = { ...own, certificate: `${own.certificate}${heap}` }
      const listener = await echo(pair, { certificates })
      const connection = await secure(pair, listener)
      connection.close()
      await assert.rejects(secure(pair, listener, NAME, { trust, pins: [pin] }), { code: 'TLS_NOT_PINNED' })
      await listener.close()
    }
  })
})

test('a client that speaks none of the protocols is refused', async () => {
  await simulated(async (pair) => {
    const listener = await echo(pair, { protocols: ['h2'] })
    await assert.rejects(secure(pair, listener), /speaks none of the application protocols/)
    await listener.close()
  })
})

test('what cannot be used is said when it is set up', async () => {
  const host = kernelHost()
  const at = { address: '127.0.0.1', port: 0 }
  const other = issue(authority, [NAME])
  const listen = (certificates: Identity) => tlsHost(host, { server: { certificates } }).listen(at, () => {})
  await assert.rejects(
    tlsHost(host, {}).listen(at, () => {}),
    /needs certificates: tlsHost\(host, \{ server/,
  )
  await assert.rejects(listen({ certificate: 'x', key: shop.key }), /the certificate cannot be read: it must be PEM/)
  await assert.rejects(
    listen({ certificate: shop.certificate, key: 'x' }),
    /the key of the certificate for shop\.example.* cannot be read/,
  )
  await assert.rejects(
    listen({ certificate: shop.certificate, key: other.key }),
    /the key does not belong to the certificate for shop/,
  )
  assert.throws(() => issue(authority, []), /at least one name/)
})

test('a response of the authority is stapled to the handshakes of its certificate, and of no other', async () => {
  const blog = issue(authority, ['blog.example'])
  const ocsp = Uint8Array.of(0x30, 3, 0x0a, 1, 1)
  const certificates = new Certificates([shop, { ...blog, ocsp }])
  const host = kernelHost()
  const listener = await tlsHost(host, { server: { certificates } }).listen({ address: '127.0.0.1', port: 0 }, () => {})
  const { port } = listener.local as { port: number }
  for (const [servername, stapled] of [
    ['blog.example', ocsp],
    [NAME, null],
    ['blog.example', ocsp],
  ] as const) {
    const socket = connect({
      host: '127.0.0.1',
      port,
      servername,
      ca: [...trust],
      requestOCSP: true,
    } as ConnectionOptions)
    const [response] = (await once(socket, 'OCSPResponse')) as [Uint8Array | null]
    assert.deepEqual(response && new Uint8Array(response), stapled)
    socket.destroy()
  }
  await listener.close()
})
