/** Proxies of a client: by whole URLs, by CONNECT, by SOCKS 5, and as the environment says. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Connection, ConnectionOwner } from '../../../socket/host.ts'
import { HttpMisuse, RequestError } from '../../errors.ts'
import { originOf } from '../../origin.ts'
import { serve } from '../../server/serve.ts'
import { settle } from '../../trial/machine.ts'
import { TestNetwork } from '../../trial/network.ts'
import { Client, type ClientOptions } from '../client.ts'
import { type Environment, environmentProxies } from './environment.ts'

test('which proxy the environment names for an origin', () => {
  const P = 'http://proxy:3128'
  const table: [environment: Environment, url: string, proxy: string | null][] = [
    [{}, 'http://a/', null],
    [{ http_proxy: P }, 'http://a/', P],
    [{ http_proxy: P }, 'https://a/', null],
    [{ HTTPS_PROXY: P }, 'https://a/', P],
    [{ HTTPS_PROXY: P }, 'http://a/', null],
    [{ ALL_PROXY: 'socks5://s:1080', http_proxy: P }, 'http://a/', P],
    [{ ALL_PROXY: 'socks5://s:1080', http_proxy: P }, 'https://a/', 'socks5://s:1080'],
    [{ http_proxy: 'proxy:3128' }, 'http://a/', P],
    [{ http_proxy: '', HTTP_PROXY: P }, 'http://a/', P],
    [{ http_proxy: 'http://lower:1', HTTP_PROXY: P }, 'http://a/', 'http://lower:1'],
    // httpoxy: what a CGI script finds there came in a field Proxy.
    [{ HTTP_PROXY: P, REQUEST_METHOD: 'GET' }, 'http://a/', null],
    [{ http_proxy: P, REQUEST_METHOD: 'GET' }, 'http://a/', P],
    [{ HTTPS_PROXY: P, REQUEST_METHOD: 'GET' }, 'https://a/', P],
    // This machine.
    [{ ALL_PROXY: P }, 'http://localhost/', null],
    [{ ALL_PROXY: P }, 'http://x.localhost:80/', null],
    [{ ALL_PROXY: P }, 'http://127.3.2.1/', null],
    [{ ALL_PROXY: P }, 'http://[::1]/', null],
    [{ ALL_PROXY: P }, 'http://localhost.example/', P],
  ]
  for (const [environment, url, proxy] of table) {
    const chosen = environmentProxies(environment)(originOf(new URL(url))!)
    assert.equal(chosen?.url ?? null, proxy, `${JSON.stringify(environment)} ${url}`)
  }
})

test('which origins NO_PROXY excepts', () => {
  const table: [list: string, url: string, direct: boolean][] = [
    ['*', 'http://a/', true],
    ['a.example', 'http://a.example/', true],
    ['a.example', 'http://x.a.example/', true],
    ['a.example', 'http://xa.example/', false],
    ['A.Example', 'http://a.example/', true],
    ['.a.example', 'http://x.a.example/', true],
    ['.a.example', 'http://a.example/', false],
    ['*.a.example', 'http://x.a.example/', true],
    ['*.a.example', 'http://a.example/', false],
    ['b, a.example  c', 'http://a.example/', true],
    ['a.example:81', 'http://a.example:81/', true],
    ['a.example:81', 'http://a.example/', false],
    ['a.example:443', 'https://a.example/', true],
    ['10.0.0.0/8', 'http://10.9.8.7/', true],
    ['10.0.0.0/8', 'http://11.9.8.7/', false],
    ['10.1.2.3/8', 'http://10.9.8.7/', true],
    ['10.1.2.3/8', 'http://11.9.8.7/', false],
    ['2001:db8:ffff::1/33', 'http://[2001:db8:8000::5]/', true],
    ['2001:db8:ffff::1/33', 'http://[2001:db8:7fff::5]/', false],
    ['2001:db8::1/129', 'http://[2001:db8::1]/', false],
    ['::1/0', 'http://[2001:db8::1]/', true],
    ['10.0.0.0/8', 'http://ten.example/', false],
    ['10.1.1.1', 'http://10.1.1.1:99/', true],
    ['10.1.1.1:98', 'http://10.1.1.1:99/', false],
    ['2001:db8::/32', 'http://[2001:db8::5]/', true],
    ['2001:db8::1', 'http://[2001:db8:0::1]/', true],
    ['[2001:db8::1]:81', 'http://[2001:db8::1]:81/', true],
    ['[2001:db8::1]:81', 'http://[2001:db8::1]/', false],
    ['10.0.0.0/99', 'http://10.0.0.1/', false],
    [',,', 'http://a/', false],
  ]
  for (const [list, url, direct] of table) {
    const chosen = environmentProxies({ ALL_PROXY: 'p:1', NO_PROXY: list })(originOf(new URL(url))!)
    assert.equal(chosen === null, direct, `${list} ${url}`)
  }
})

test('a variable that names no proxy is refused by its name, without the password', () => {
  for (const value of [
    'ftp://a',
    'http://',
    'https://user:secret@proxy/',
    '://',
    'http://user:a/secret@proxy',
    'http://user:a#secret@proxy',
    'ftp://user:a@secret@proxy',
    'socks4://user:a?secret@proxy:1',
  ])
    assert.throws(
      () => environmentProxies({ HTTPS_PROXY: value }),
      (error: Error) =>
        error instanceof HttpMisuse && /HTTPS_PROXY/.test(error.message) && !/secret/.test(error.message),
      value,
    )
  assert.throws(() => new Client(new TestNetwork().host('a', '10.0.0.1'), { proxy: { url: 'ftp://a' } }), HttpMisuse)
})

async function proxied(options: (proxy: string) => ClientOptions) {
  const network = new TestNetwork()
  const web = network.host('web', '10.0.0.80')
  const proxyHost = network.host('proxy', '10.0.0.3')
  const laptop = network.host('laptop', '10.0.0.2')
  const seen: { at: string; target: string; authorization: string | undefined }[] = []
  await serve(
    web,
    (exchange) => {
      const authorization = exchange.header('proxy-authorization')
      seen.push({ at: 'web', target: exchange.target, authorization })
      exchange.reply(200, [], 'web')
    },
    { port: 80 },
  )
  await serve(
    proxyHost,
    (exchange) => {
      const authorization = exchange.header('proxy-authorization')
      seen.push({ at: 'proxy', target: exchange.target, authorization })
      exchange.reply(200, [], 'proxy')
    },
    {
      port: 3128,
      connect: {
        allow: (target, exchange) => {
          seen.push({ at: 'proxy', target, authorization: exchange.header('proxy-authorization') })
          return true
        },
      },
    },
  )
  return { seen, client: new Client(laptop, options('http://us%40er:p%3Aw@proxy:3128')) }
}

const BASIC = `Basic ${btoa('us@er:p:w')}`

test('user and password of a proxy’s URL go to the proxy alone, asked for whole URLs or for tunnels', async () => {
  const whole = await proxied((url) => ({ proxy: { url } }))
  await (await whole.client.request('http://web/x')).body.text()
  assert.deepEqual(whole.seen, [{ at: 'proxy', target: 'http://web/x', authorization: BASIC }])
  const through = await proxied((url) => ({ proxy: { url, tunnel: true } }))
  await (await through.client.request('http://web/x')).body.text()
  assert.deepEqual(through.seen, [
    { at: 'proxy', target: 'web:80', authorization: BASIC },
    { at: 'web', target: '/x', authorization: undefined },
  ])
  const own = await proxied((url) => ({ proxy: { url, fields: ['proxy-authorization', 'Bearer x'] } }))
  await (await own.client.request('http://web/x')).body.text()
  assert.equal(own.seen[0]!.authorization, 'Bearer x')
})

test('Proxy-Authorization never goes to an origin', async () => {
  const fields = ['Proxy-Authorization', 'Basic x']
  for (const proxy of [
    (url: string) => ({ proxy: { url, tunnel: true } }),
    () => ({}),
    () => ({ proxy: () => null }),
  ]) {
    const { client, seen } = await proxied(proxy)
    await assert.rejects(client.request('http://web/', { fields }), { code: 'HTTP_INVALID_FIELD' })
    assert.equal(seen.length, 0)
  }
})

test('a choice decides for each origin', async () => {
  const { client, seen } = await proxied((url) => ({ proxy: ({ host }) => (host === 'web' ? null : { url }) }))
  for (const name of ['web', 'other']) await (await client.request(`http://${name}/`)).body.text()
  assert.deepEqual(
    seen.map(({ at, target }) => `${at} ${target}`),
    ['web /', 'proxy http://other/'],
  )
})

/** A SOCKS proxy that says what the test says, piece by piece. */
class Script implements ConnectionOwner {
  readonly got: number[][] = []
  readonly #says: readonly (readonly number[])[]
  readonly #then: (connection: Connection) => void
  readonly #connection: Connection
  readonly #message: number[] = []

  constructor(connection: Connection, says: readonly (readonly number[])[], then: (connection: Connection) => void) {
    this.#connection = connection
    this.#says = says
    this.#then = then
    connection.attach(this)
  }

  /** What comes together is one message, however it is cut on the way. */
  onData(bytes: Uint8Array): void {
    const first = this.#message.length === 0
    this.#message.push(...bytes)
    if (first) void settle(500).then(() => this.#answer())
  }

  #answer(): void {
    this.got.push(this.#message.splice(0))
    const says = this.#says[this.got.length - 1]
    if (says === undefined) this.#then(this.#connection)
    else this.#connection.write(Uint8Array.from(says))
  }

  onEnd(): void {
    this.#connection.end()
  }
  onDrain(): void {}
  onClose(): void {}
}

async function socks(url: string, says: readonly (readonly number[])[], chunk = 1_000) {
  const network = new TestNetwork()
  const proxy = network.host('proxy', '10.0.0.3')
  const laptop = network.host('laptop', '10.0.0.2', { chunk })
  const scripts: Script[] = []
  const reply = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi')
  await proxy.listen({ address: '10.0.0.3', port: 1080 }, (connection) => {
    scripts.push(new Script(connection, says, () => connection.write(reply)))
  })
  const client = new Client(laptop, { proxy: { url } })
  return { network, client, scripts, clock: laptop.clock }
}

const GRANTED = [5, 0, 0, 1, 0, 0, 0, 0, 0, 0]
const bytesOf = (text: string) => [...Buffer.from(text)]

test('SOCKS 5: names are resolved by the proxy, addresses of both kinds, answers cut anywhere', async () => {
  const table: [host: string, request: number[]][] = [
    ['nowhere.example', [5, 1, 0, 3, 15, ...bytesOf('nowhere.example'), 0, 80]],
    ['10.1.2.3', [5, 1, 0, 1, 10, 1, 2, 3, 0, 80]],
    ['[2001:db8::1]:258', [5, 1, 0, 4, 0x20, 1, 0xd, 0xb8, ...Array(11).fill(0), 1, 1, 2]],
  ]
  for (const granted of [GRANTED, [5, 0, 0, 3, 1, 97, 0, 0], [5, 0, 0, 4, ...Array(18).fill(0)]])
    for (const chunk of [1, 3, 1000])
      for (const [host, request] of table) {
        const { client, scripts } = await socks('socks5://proxy', [[5, 0], granted], chunk)
        const reply = await client.request(`http://${host}/x`)
        assert.equal(await reply.body.text(), 'hi')
        const [greeting, asked, http] = scripts[0]!.got
        assert.deepEqual([greeting, asked], [[5, 1, 0], request])
        assert.match(Buffer.from(http!).toString(), /^GET \/x HTTP\/1\.1\r\n/)
        client.close()
      }
})

test('SOCKS 5: user and password, and what else there is to say goes to the origin', async () => {
  const { client, scripts } = await socks('socks5h://us%40er:p%3Aw@proxy:1080', [[5, 2], [1, 0], GRANTED])
  await (await client.request('http://web/')).body.text()
  const [greeting, authentication] = scripts[0]!.got
  assert.deepEqual(greeting, [5, 2, 0, 2])
  assert.deepEqual(authentication, [1, 5, ...bytesOf('us@er'), 3, ...bytesOf('p:w')])
  assert.equal((await (await client.request('http://web/')).body.text()).length, 2)
  assert.equal(scripts.length, 1)
})

test('SOCKS 5: each way to be refused is a failure that says why, and nothing is left open', async () => {
  const table: [says: number[][], why: RegExp][] = [
    [[[4, 0]], /speaks no SOCKS 5/],
    [[bytesOf('HTTP/1.1 400 Bad Request\r\n')], /speaks no SOCKS 5/],
    [[[5, 255]], /another kind of authentication/],
    [[[5, 2]], /another kind of authentication/],
    [
      [
        [5, 0],
        [5, 5, 0, 1, 0, 0, 0, 0, 0, 0],
      ],
      /connection refused/,
    ],
    [
      [
        [5, 0],
        [5, 2, 0, 1, 0, 0, 0, 0, 0, 0],
      ],
      /not allowed by its rules/,
    ],
    [
      [
        [5, 0],
        [5, 77, 0, 1, 0, 0, 0, 0, 0, 0],
      ],
      /code 77/,
    ],
    [
      [
        [5, 0],
        [5, 0, 0, 9, 0, 0, 0, 0, 0, 0],
      ],
      /no SOCKS 5/,
    ],
    [
      [
        [5, 0],
        [9, 0, 0, 1, 0, 0, 0, 0, 0, 0],
      ],
      /no SOCKS 5/,
    ],
  ]
  for (const [says, why] of table) {
    const { client, network } = await socks('socks5://proxy', says)
    await assert.rejects(client.request('http://web/'), (error) => {
      assert.ok(error instanceof RequestError && error.reason === 'tunnel' && why.test(error.message), String(error))
      return true
    })
    await settle()
    assert.equal(network.open, 0)
  }
  const wrong = await socks('socks5://user:bad@proxy', [
    [5, 2],
    [1, 1],
  ])
  await assert.rejects(wrong.client.request('http://web/'), /does not take the user and the password/)
  const long = await socks('socks5://proxy', [])
  await assert.rejects(long.client.request(`http://${'a.'.repeat(130)}example/`), HttpMisuse)
})

test('SOCKS 5: a proxy that keeps silent is given up in time, and by its caller', async () => {
  const { client, network, clock } = await socks('socks5://proxy', [[]])
  const giveUp = new AbortController()
  const reply = client.request('http://web/', { signal: giveUp.signal })
  await settle()
  giveUp.abort()
  await assert.rejects(reply, { code: 'HTTP_ABORTED' })
  await assert.rejects(
    Promise.all([client.request('http://web/'), clock.advance(61_000_000_000)]),
    /no connection to http:\/\/web in time/,
  )
  client.close()
  await settle()
  assert.equal(network.open, 0)
})
