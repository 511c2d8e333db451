/** Whom a server believes about the client: a table of what proxies write and what strangers try. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatAddress } from '../../socket/address.ts'
import { serve } from '../server/serve.ts'
import { TestNetwork } from '../trial/network.ts'
import { RawClient } from '../trial/raw.ts'
import { parseForwarded, parseNode } from './hops.ts'
import { ForwardedExchange, type TrustOptions } from './trust.ts'

const PROXY = '10.0.0.2'
const STRANGER = '203.0.113.66'
const FROM = ['10.0.0.0/8', '2001:db8::/64']

/** What the handler sees of a request with these fields: `remote scheme authority`, or the status of a refusal. */
async function seen(
  fields: readonly string[],
  from = PROXY,
  trust: TrustOptions | null = { from: FROM },
): Promise<string> {
  const network = new TestNetwork()
  const host = network.host('web', '10.0.0.80')
  const peer = network.host('peer', from)
  const server = await serve(
    host,
    (e) => e.reply(200, [], `${formatAddress(e.remote).replace(/:49\d{3}$/, ':port')} ${e.scheme} ${e.authority}`),
    { port: 80, ...(trust === null ? {} : { trust }) },
  )
  const raw = await RawClient.open(peer, server.local)
  const text = await raw.send(`GET / HTTP/1.1\r\nHost: web.example\r\n${fields.map((f) => `${f}\r\n`).join('')}\r\n`)
  const [head, body] = text.split('\r\n\r\n') as [string, string]
  return head.startsWith('HTTP/1.1 200') ? body : head.slice(9, 12)
}

const UNTOUCHED = '10.0.0.2:port http web.example'

test('X-Forwarded: the rightmost address that is not of a trusted proxy is the client', async () => {
  const table: readonly (readonly [fields: string[], expected: string])[] = [
    [[], UNTOUCHED],
    [['X-Forwarded-For: 203.0.113.9'], '203.0.113.9:0 http web.example'],
    [['X-Forwarded-For: 203.0.113.9:1234'], '203.0.113.9:1234 http web.example'],
    [['X-Forwarded-For: [2001:db8:1::9]:1234'], '[2001:db8:1::9]:1234 http web.example'],
    [['X-Forwarded-For: 2001:DB8:1:0::9'], '[2001:db8:1::9]:0 http web.example'],
    // What stands before the client was written by the client.
    [['X-Forwarded-For: 127.0.0.1, 203.0.113.9'], '203.0.113.9:0 http web.example'],
    [['X-Forwarded-For: 127.0.0.1', 'X-Forwarded-For: 203.0.113.9'], '203.0.113.9:0 http web.example'],
    [['X-Forwarded-For: 127.0.0.1, 203.0.113.9, 10.9.9.9,10.8.8.8'], '203.0.113.9:0 http web.example'],
    [['X-Forwarded-For: 127.0.0.1, 203.0.113.9, ::ffff:10.9.9.9'], '203.0.113.9:0 http web.example'],
    // A quote does not hide the comma before what the proxy has added.
    [['X-Forwarded-For: "', 'X-Forwarded-For: 203.0.113.9'], '203.0.113.9:0 http web.example'],
    [['X-Forwarded-For: "127.0.0.1, 203.0.113.9'], '203.0.113.9:0 http web.example'],
    // Within the house all the way: the one who began.
    [['X-Forwarded-For: 10.1.1.1, 10.2.2.2'], '10.1.1.1:0 http web.example'],
    // What cannot be read ends the chain: nobody further left is believed.
    [['X-Forwarded-For: 203.0.113.9, unknown'], UNTOUCHED],
    [['X-Forwarded-For: 203.0.113.9, , '], UNTOUCHED],
    [['X-Forwarded-For: 203.0.113.9, unknown, 10.2.2.2'], '10.2.2.2:0 http web.example'],
    [['X-Forwarded-For: 203.0.113.9.', 'X-Forwarded-Proto: https'], '10.0.0.2:port https web.example'],
    [['X-Forwarded-Proto: https'], '10.0.0.2:port https web.example'],
    [['X-Forwarded-Proto: WSS'], '10.0.0.2:port https web.example'],
    // One value for each address, or one that the nearest proxy has set.
    [['X-Forwarded-For: 203.0.113.9, 10.2.2.2', 'X-Forwarded-Proto: https, http'], '203.0.113.9:0 https web.example'],
    [['X-Forwarded-For: 203.0.113.9', 'X-Forwarded-Proto: https, http'], '203.0.113.9:0 http web.example'],
    [['X-Forwarded-For: 9.9.9.9, 203.0.113.9', 'X-Forwarded-Proto: https, http'], '203.0.113.9:0 http web.example'],
    [['X-Forwarded-Host: shop.example'], '10.0.0.2:port http shop.example'],
    [['X-Forwarded-Host: evil.example, shop.example'], '10.0.0.2:port http shop.example'],
    [['X-Forwarded-Port: 8443', 'X-Forwarded-Proto: https'], '10.0.0.2:port https web.example:8443'],
    [['X-Forwarded-Port: 443', 'X-Forwarded-Proto: https'], '10.0.0.2:port https web.example'],
    [['X-Forwarded-Port: 80'], '10.0.0.2:port http web.example'],
    [['X-Forwarded-Port: 8443', 'X-Forwarded-Host: shop.example:444'], '10.0.0.2:port http shop.example:444'],
    // Not a guess where a proxy that is trusted cannot be understood.
    [['X-Forwarded-Proto: spdy'], '400'],
    [['X-Forwarded-Proto: __proto__'], '400'],
    [['X-Forwarded-Host: a/b'], '400'],
    [['X-Forwarded-Host: user@a'], '400'],
    [['X-Forwarded-Port: 99999'], '400'],
    // The other field is what a client has sent through.
    [['Forwarded: for=127.0.0.1;proto=https;host=evil.example'], UNTOUCHED],
  ]
  for (const [fields, expected] of table) assert.equal(await seen(fields), expected, fields.join(' | '))
})

test('Forwarded: element by element from the right, each with its own scheme and host', async () => {
  const table: readonly (readonly [fields: string[], expected: string])[] = [
    [['Forwarded: for=203.0.113.9'], '203.0.113.9:0 http web.example'],
    [['Forwarded: For="203.0.113.9:81";Proto=HTTPS;host=shop.example'], '203.0.113.9:81 https shop.example'],
    [['Forwarded: for="[2001:db8:1::9]:_port";by=_us'], '[2001:db8:1::9]:0 http web.example'],
    [['Forwarded: for=127.0.0.1;proto=https, for=203.0.113.9'], '203.0.113.9:0 http web.example'],
    [['Forwarded: for=127.0.0.1;proto=https', 'Forwarded: for=203.0.113.9'], '203.0.113.9:0 http web.example'],
    [
      ['Forwarded: for=203.0.113.9;proto=https;host=shop.example, for=10.2.2.2;proto=http;host=inner'],
      '203.0.113.9:0 https shop.example',
    ],
    // Hidden or unknown: the proxy is all that is known, and it is believed about the rest.
    [['Forwarded: for=127.0.0.1, for=_hidden;proto=https'], '10.0.0.2:port https web.example'],
    [['Forwarded: for=127.0.0.1, for=unknown'], UNTOUCHED],
    [['Forwarded: proto=https'], '10.0.0.2:port https web.example'],
    [['Forwarded: '], UNTOUCHED],
    // A client that leaves a quote open makes nobody of itself.
    [['Forwarded: for="', 'Forwarded: for=203.0.113.9'], '203.0.113.9:0 http web.example'],
    [['Forwarded: for=", for=203.0.113.9'], '400'],
    [['Forwarded: for=", for="[2001:db8:1::9]"'], '400'],
    [['Forwarded: for=1.1.1.1;for=2.2.2.2'], '400'],
    [['Forwarded: nonsense'], '400'],
    [['Forwarded: for=203.0.113.9;proto=ftp'], '400'],
    [['Forwarded: for=203.0.113.9;host="a b"'], '400'],
    [['X-Forwarded-For: 203.0.113.9', 'X-Forwarded-Proto: https'], UNTOUCHED],
  ]
  const trust = { from: FROM, fields: 'forwarded' } as const
  for (const [fields, expected] of table) assert.equal(await seen(fields, PROXY, trust), expected, fields.join(' | '))
})

test('a stranger is not believed, and by default nobody is', async () => {
  const lies = [
    'X-Forwarded-For: 127.0.0.1',
    'X-Forwarded-Proto: https',
    'X-Forwarded-Host: evil.example',
    'Forwarded: x',
  ]
  assert.equal(await seen(lies, STRANGER), '203.0.113.66:port http web.example')
  assert.equal(await seen(lies, STRANGER, { from: FROM, fields: 'forwarded' }), '203.0.113.66:port http web.example')
  assert.equal(await seen(lies, PROXY, null), UNTOUCHED)
})

test('the proxy stays known; wrong settings are refused before anything listens', async () => {
  const network = new TestNetwork()
  const host = network.host('web', '10.0.0.80')
  const peers: string[] = []
  const server = await serve(
    host,
    (e) => {
      if (e instanceof ForwardedExchange) peers.push(formatAddress(e.proxy))
      e.reply(204, [], null)
    },
    { port: 80, trust: { from: FROM } },
  )
  const raw = await RawClient.open(network.host('peer', PROXY), server.local)
  await raw.send('GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.9\r\n\r\n')
  assert.deepEqual(peers, ['10.0.0.2:49152'])
  await assert.rejects(
    serve(host, () => {}, { port: 81, trust: { from: ['10.0.0.1/8'] } }),
    /serve\(\): trust.from: 10/,
  )
  await assert.rejects(
    serve(host, () => {}, { port: 81, trust: { from: [], fields: 'x-real-ip' as never } }),
    /trust.fields must be 'x-forwarded' or 'forwarded'/,
  )
})

test('nodes and elements of the grammar, and beside it', () => {
  assert.deepEqual(parseNode('192.0.2.1'), { address: '192.0.2.1', port: 0 })
  assert.deepEqual(parseNode('[::1]:_x'), { address: '::1', port: 0 })
  for (const bad of [
    '',
    'a',
    '192.0.2.01',
    '192.0.2.1:',
    '192.0.2.1:65536',
    '192.0.2.1:-1',
    '[::1',
    '[::1]80',
    '::1]',
    '1:2',
  ])
    assert.equal(parseNode(bad), null, bad)
  // RFC 7239 §4
  assert.deepEqual(parseForwarded('for="_gazonk"'), [{ from: null, proto: null, host: null }])
  assert.deepEqual(parseForwarded('For="[2001:db8:cafe::17]:4711"'), [
    { from: { address: '2001:db8:cafe::17', port: 4711 }, proto: null, host: null },
  ])
  assert.deepEqual(
    parseForwarded('for=192.0.2.43, for=198.51.100.17')?.map(({ from }) => from?.address),
    ['192.0.2.43', '198.51.100.17'],
  )
  assert.deepEqual(parseForwarded('for=192.0.2.60;proto=http;by=203.0.113.43;ext="a, b"'), [
    { from: { address: '192.0.2.60', port: 0 }, proto: 'http', host: null },
  ])
})
