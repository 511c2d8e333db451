/** A forward proxy: for whom it goes, where to, and where never. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashPassword } from '../../../base/password.ts'
import { AddressSet } from '../../../socket/address-set.ts'
import { HostDecorator } from '../../../socket/index.ts'
import type { Handler } from '../../exchange.ts'
import { serve } from '../../server/serve.ts'
import { settle } from '../../trial/machine.ts'
import { TestNetwork } from '../../trial/network.ts'
import { RawClient } from '../../trial/raw.ts'
import { fieldOf, type SeenRequest } from '../trial/world.ts'
import { type ForwardProxyOptions, type ForwardRecord, forwardProxy } from './forward.ts'
import { SPECIAL_ADDRESSES } from './reach.ts'

const NAMES: Readonly<Record<string, readonly string[]>> = {
  'web.example': ['8.8.4.4'],
  'www.web.example': ['8.8.4.4'],
  'inner.example': ['10.0.0.9'],
  'both.example': ['10.0.0.9', '8.8.4.4'],
  'meta.example': ['169.254.169.254'],
  'six.example': ['::ffff:10.0.0.9'],
  // Not as addresses are written, and addresses to whoever reads them by inet_aton.
  'odd.example': ['167772169', '0xa.9', '012.0.0.9'],
}

/** A proxy at 10.0.0.1:3128 for clients of 10.0.0.0/8, and a server at 8.8.4.4 and one at 10.0.0.9. */
async function world(
  options: ForwardProxyOptions = {},
  answer: Handler = (e) => e.reply(200, ['X-Who', e.local.address!], 'hello'),
) {
  const network = new TestNetwork()
  const under = network.host('proxy', '10.0.0.1')
  class Named extends HostDecorator {
    override async lookup(name: string): Promise<readonly string[]> {
      return NAMES[name] ?? super.lookup(name)
    }
  }
  const seen: SeenRequest[] = []
  for (const address of ['8.8.4.4', '10.0.0.9'])
    for (const port of [80, 443, 8080])
      await serve(
        network.host(address, address, {}, undefined, under.clock),
        (e) => {
          seen.push({ method: e.method, target: e.target, fields: e.fields(), remote: e.remote.address! })
          return answer(e)
        },
        { port, address },
      )
  const done: string[] = []
  const onDone = ({ exchange, status, user, failure }: ForwardRecord) =>
    done.push(`${exchange.method} ${status} ${user} ${failure?.reason ?? ''}`)
  const proxy = forwardProxy(new Named(under), { from: ['10.0.0.0/8'], name: 'fp', onDone, ...options })
  const errors: unknown[] = []
  const server = await serve(under, proxy, { port: 3128, connect: proxy, onError: (error) => void errors.push(error) })
  const client = (from = '10.0.0.2') =>
    RawClient.open(network.host('client', from, {}, undefined, under.clock), server.local)
  const ask = async (text: string, from?: string) => (await client(from)).send(text)
  const status = async (text: string, from?: string) => (await ask(text, from)).slice(9, 12)
  return { network, proxy, server, client, ask, status, seen, done, errors }
}

const get = (url: string, fields = '') => `GET ${url} HTTP/1.1\r\nHost: other.example\r\n${fields}\r\n`
const connect = (authority: string, fields = '') =>
  `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${fields}\r\n`

test('a whole URL is fetched; nothing of the conversation with the proxy goes further', async () => {
  const { ask, seen } = await world()
  const text = await ask(
    get(
      'http://web.example/a?b',
      'Proxy-Authorization: Basic eDp5\r\nProxy-Connection: keep-alive\r\nX-Forwarded-For: 1.2.3.4\r\nCookie: c=d\r\n',
    ),
  )
  assert.match(text, /^HTTP\/1.1 200 OK\r\n.*Via: 1.1 fp\r\n.*hello$/s)
  assert.equal(seen[0]!.target, '/a?b')
  assert.deepEqual(seen[0]!.fields, ['Host', 'web.example', 'Cookie', 'c=d', 'Via', '1.1 fp'])
  const posted = await ask('POST http://web.example/ HTTP/1.1\r\nHost: web.example\r\nContent-Length: 3\r\n\r\nabc')
  assert.match(posted, /hello$/)
  assert.equal(fieldOf(seen[1]!.fields, 'content-length'), '3')
})

test("a tunnel is opened; what passes through it is nobody's business", async () => {
  const { client, proxy, network, done } = await world()
  const raw = await client()
  assert.match(await raw.send(connect('web.example:443')), /^HTTP\/1.1 200 OK\r\n/)
  assert.equal(proxy.tunnels, 1)
  assert.match(await raw.send('GET / HTTP/1.1\r\nHost: inside\r\n\r\n'), /hello$/)
  raw.connection.close()
  await settle()
  assert.equal(proxy.tunnels, 0)
  assert.equal(network.open, 0)
  assert.deepEqual(done, ['CONNECT 200 null '])
})

test('only clients that are listed are served, by default this machine alone', async () => {
  const { status } = await world()
  assert.equal(await status(get('http://web.example/'), '192.0.2.1'), '403')
  assert.equal(await status(connect('web.example:443'), '192.0.2.1'), '403')
  const local = await world({ from: ['loopback'] })
  assert.equal(await local.status(get('http://web.example/')), '403')
  assert.equal(await local.status(get('http://web.example/'), '127.0.0.1'), '200')
})

test('nobody gets into the house through the proxy, whichever name leads there', async () => {
  const { status, seen } = await world()
  for (const host of [
    '10.0.0.9',
    'inner.example',
    'meta.example',
    'six.example',
    'odd.example',
    '169.254.169.254',
    '127.0.0.1',
    '[::1]',
    '[::ffff:10.0.0.9]',
    '0.0.0.0',
    '2130706433',
    '0x7f.1',
    '[64:ff9b::a00:9]',
    'localhost',
  ]) {
    assert.match(await status(get(`http://${host}/`)), /^403|^502/, host)
    assert.match(await status(connect(`${host}:443`)), /^403|^502|^400/, host)
  }
  assert.equal(seen.length, 0)
  assert.equal(await status(get('http://odd.example/')), '403')
  // Of several addresses those that may be.
  assert.equal(await status(get('http://both.example/')), '200')
  const open = await world({ dangerouslyReach: ['10.0.0.9'] })
  assert.equal(await open.status(get('http://inner.example/')), '200')
  assert.equal(await open.status(get('http://10.0.0.8/')), '403')
})

test('every special address is special, and the Internet is not', () => {
  const special = new AddressSet('test', SPECIAL_ADDRESSES)
  for (const address of [
    '10.1.1.1',
    '100.64.0.1',
    '127.0.0.1',
    '169.254.169.254',
    '172.31.9.9',
    '192.168.1.1',
    '224.0.0.1',
    '255.255.255.255',
    '0.0.0.0',
    '198.18.0.1',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '64:ff9b::7f00:1',
    'fc00::1',
    'fd12::1',
    'fe80::1',
    'fec0::1',
    'ff02::1',
    '2002:7f00:1::',
    '2001::1',
    '2001:db8::1',
    '100::1',
  ])
    assert.ok(special.hasIp(address), address)
  for (const address of [
    '1.1.1.1',
    '8.8.8.8',
    '172.15.255.255',
    '172.32.0.1',
    '192.0.1.1',
    '2606:4700::1111',
    '2a00:1450::1',
    '2001:4860:4860::8888',
  ])
    assert.ok(!special.hasIp(address), address)
})

test('ports and hosts are those that are listed', async () => {
  const { status } = await world({ hosts: ['.web.example'] })
  assert.equal(await status(get('http://web.example/')), '200')
  assert.equal(await status(get('http://WWW.web.example/')), '200')
  assert.equal(await status(get('http://both.example/')), '403')
  assert.equal(await status(get('http://xweb.example/')), '403')
  assert.equal(await status(get('http://web.example:8080/')), '403')
  assert.equal(await status(connect('web.example:8080')), '403')
  assert.equal(await status(connect('web.example.:443')), '502')
  const more = await world({ ports: [8080] })
  assert.equal(await more.status(get('http://web.example:8080/')), '200')
  assert.equal(await more.status(get('http://web.example/')), '403')
})

test('users say who they are, and their passwords go no further', async () => {
  const hash = await hashPassword('correct horse', undefined, 'scrypt')
  const { status, ask, client, seen, done } = await world({ users: { ada: hash } })
  const basic = (text: string) => `Proxy-Authorization: Basic ${btoa(text)}\r\n`
  assert.match(await ask(get('http://web.example/')), /^HTTP\/1.1 407 .*Proxy-Authenticate: Basic realm="proxy"/s)
  assert.equal(await status(connect('web.example:443')), '407')
  assert.equal(seen.length, 0)
  for (const bad of [
    'Proxy-Authorization: Basic !!!\r\n',
    'Proxy-Authorization: Bearer x\r\n',
    'Authorization: Basic eDp5\r\n',
    basic('nocolon'),
  ])
    assert.equal(await status(get('http://web.example/', bad)), '407', bad)
  assert.ok(done.every((line) => line.includes(' 407 null ')))
  // Hashing takes the thread pool's time: the answer comes later.
  const later = async (credentials: string) => {
    const raw = await client()
    await raw.send(get('http://web.example/', basic(credentials)))
    while (raw.text === '') await new Promise((resolve) => setImmediate(resolve))
    await settle()
    return raw.take().slice(9, 12)
  }
  assert.equal(await later('ada:wrong'), '407')
  assert.equal(await later('eve:correct horse'), '407')
  assert.equal(await later('ada:correct horse'), '200')
  assert.equal(fieldOf(seen[0]!.fields, 'proxy-authorization'), undefined)
  // What was right is known for a while: the next request does not wait.
  assert.equal(await status(get('http://web.example/', basic('ada:correct horse'))), '200')
  assert.match(done.at(-1)!, /^GET 200 ada/)
})

test('what is not for a forward proxy, and what goes in a circle', async () => {
  const { status, ask, seen } = await world({ ports: [80, 443, 3128], dangerouslyReach: ['10.0.0.1'] })
  assert.equal(await status('GET / HTTP/1.1\r\nHost: web.example\r\n\r\n'), '400')
  assert.equal(await status(get('https://web.example/')), '400')
  assert.equal(await status('OPTIONS * HTTP/1.1\r\nHost: web.example\r\n\r\n'), '400')
  assert.equal(await status(get('http://web.example/', 'Via: 1.1 fp\r\n')), '508')
  assert.equal(await status(get('http://10.0.0.1:3128/')), '400')
  assert.equal(await status(connect('10.0.0.1:3128')), '508')
  assert.equal(await status('OPTIONS http://web.example HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n'), '400')
  assert.match(await ask('OPTIONS http://web.example HTTP/1.1\r\nHost: a\r\nMax-Forwards: 1\r\n\r\n'), /200 OK/)
  assert.equal(seen.at(-1)!.target, '*')
  assert.equal(await status(get('http://nowhere.example/')), '502')
  for (const [options, why] of [
    [{ hosts: ['a b'] }, /hosts has names/],
    [{ hosts: ['a.example:80'] }, /hosts has names/],
    [{ ports: [0] }, /ports has numbers/],
    [{ from: ['x'] }, /forwardProxy\(\): from/],
    [{ users: { ada: 'plain' } }, /must be a hash/],
    [{ users: { 'a:b': '$scrypt$' } }, /no colon/],
  ] as const)
    await assert.rejects(world(options), why)
})
