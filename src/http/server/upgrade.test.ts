/** Other protocols on a connection of ours: on a server, from a client, in memory, through decorators and proxies. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Connection, ConnectionOwner } from '../../socket/host.ts'
import { Client, UpgradeRefused } from '../client/client.ts'
import { tunnel } from '../client/tunnel.ts'
import { ExchangeDecorator } from '../decorate.ts'
import { HttpMisuse } from '../errors.ts'
import type { Exchange, Handler } from '../exchange.ts'
import { answer, answerUpgrade } from '../platform/memory.ts'
import { settle, testMachine } from '../trial/machine.ts'
import { type Manners, TestNetwork } from '../trial/network.ts'
import { RawClient } from '../trial/raw.ts'
import { type ServeOptions, serve } from './serve.ts'

async function world(handler: Handler, options: ServeOptions = {}, manners: Manners = {}) {
  const network = new TestNetwork()
  const host = network.host('web', '10.0.0.80', manners)
  const laptop = network.host('laptop', '10.0.0.2', manners, undefined, host.clock)
  const server = await serve(host, handler, { port: 80, ...options })
  return { network, host, laptop, server, client: new Client(laptop) }
}

/** A protocol: the server greets, then shouts back what it hears. */
class Shout implements ConnectionOwner {
  readonly #connection: Connection

  constructor(connection: Connection) {
    this.#connection = connection
    connection.write(Buffer.from('HELLO '))
  }
  onData(bytes: Uint8Array): void {
    this.#connection.write(Buffer.from(Buffer.from(bytes).toString().toUpperCase()))
  }
  onEnd(): void {
    this.#connection.end()
  }
  onDrain(): void {}
  onClose(): void {}
}

class Listener implements ConnectionOwner {
  text = ''
  ended = false
  onData(bytes: Uint8Array): void {
    this.text += Buffer.from(bytes).toString()
  }
  onEnd(): void {
    this.ended = true
  }
  onDrain(): void {}
  onClose(): void {}
}

const shout: Handler = (exchange) => {
  if (exchange.protocol === 'shout') exchange.upgrade(101, ['Upgrade', 'shout'], (c) => new Shout(c))
  else exchange.reply(426, ['Upgrade', 'shout'], 'speak up')
}

test('client and server switch, and what was said early waits for who attaches late', async () => {
  for (const chunk of [1, 3, 1000]) {
    const { client, server, network } = await world(shout, {}, { chunk })
    const { reply, connection } = await client.upgrade('http://web/', 'shout', { fields: ['X-Mine', '1'] })
    assert.deepEqual([reply.status, reply.header('upgrade'), await reply.body.text()], [101, 'shout', ''])
    assert.deepEqual([client.connections, server.connections], [0, 0])
    await settle()
    const ear = new Listener()
    connection.attach(ear)
    connection.write(Buffer.from('quiet'))
    await settle()
    assert.equal(ear.text, 'HELLO QUIET')
    connection.end()
    await settle()
    assert.equal(ear.ended, true)
    assert.equal(network.open, 0)
  }
})

test('a server that does not switch is told of with its reply, and the connection is kept', async () => {
  const { client } = await world(shout)
  const refused = await client.upgrade('http://web/', 'whisper').then(
    () => assert.fail('switched'),
    (error: unknown) => error,
  )
  assert.ok(refused instanceof UpgradeRefused)
  assert.match(refused.message, /did not switch to whisper: it answered 426/)
  assert.equal(await refused.reply.body.text(), 'speak up')
  await settle()
  assert.equal(client.connections, 1)
  const again = await client.upgrade('http://web/', 'shout')
  assert.equal(again.reply.status, 101)
  await assert.rejects(client.upgrade('http://web/', 'a b'), /must be a token/)
})

test('no other request shares a connection that is being switched', async () => {
  let first!: Exchange
  const { laptop, network } = await world((exchange) => {
    if (exchange.path === '/up') first = exchange
    else exchange.reply(200, [], exchange.path)
  })
  const client = new Client(laptop, { pipelining: 4 })
  await (await client.request('http://web/warm')).body.text()
  const upgrade = client.upgrade('http://web/up', 'shout')
  await settle()
  assert.equal(await (await client.request('http://web/other')).body.text(), '/other')
  first.upgrade(101, ['Upgrade', 'shout'], (c) => new Shout(c))
  const { connection } = await upgrade
  connection.close()
  assert.equal(network.connections.length, 4)
})

test('an upgrade through a decorated exchange', async () => {
  class Loud extends ExchangeDecorator {
    override reply(status: number, fields: readonly string[], body: string | Uint8Array | null): void {
      super.reply(status, [...fields, 'X-Loud', '1'], body)
    }
  }
  const { client } = await world((exchange) => shout(new Loud(exchange)))
  const { connection } = await client.upgrade('http://web/', 'shout')
  const ear = new Listener()
  connection.attach(ear)
  await settle()
  assert.equal(ear.text, 'HELLO ')
  assert.equal((await client.request('http://web/')).header('x-loud'), '1')
})

test('the protocol that is asked for is told, and null where none is', async () => {
  const seen: (string | null)[] = []
  const { client, laptop } = await world((e) => {
    seen.push(e.protocol)
    e.reply(400, [], '')
  })
  await client.upgrade('http://web/', 'Shout/2').catch(() => {})
  await client.request('http://web/', { fields: ['Upgrade', 'shout'] })
  const raw = await RawClient.open(laptop, { address: '10.0.0.80', port: 80 })
  // Without the Connection option no protocol is asked for.
  await raw.send('GET / HTTP/1.1\r\nHost: a\r\nUpgrade: shout\r\n\r\n')
  await raw.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: shout\r\n\r\n')
  assert.deepEqual(seen, ['Shout/2', null, null, 'shout'])
})

test('in memory', async () => {
  const machine = testMachine()
  const upgraded = await answerUpgrade(shout, new Request('http://web/'), 'shout', machine)
  assert.ok(!(upgraded instanceof Response))
  assert.deepEqual([upgraded.status, upgraded.fields], [101, ['Upgrade', 'shout']])
  const ear = new Listener()
  upgraded.connection.attach(ear)
  upgraded.connection.write(Buffer.from('quiet'))
  upgraded.connection.end()
  await settle()
  assert.deepEqual([ear.text, ear.ended], ['HELLO QUIET', true])
  const refused = await answerUpgrade(shout, new Request('http://web/'), 'whisper', machine)
  assert.ok(refused instanceof Response && refused.status === 426)
  // A request that asks for nothing cannot be switched.
  const plain = await answer(
    (e) => e.upgrade(101, ['Upgrade', 'x'], (c) => new Shout(c)),
    new Request('http://web/'),
    machine,
  )
  assert.equal(plain.status, 500)
})

test('what cannot be switched is refused, and can be answered otherwise', async () => {
  const wrong: [string, (e: Exchange) => void, RegExp][] = [
    ['', (e) => e.upgrade(101, ['Upgrade', 'shout'], (c) => new Shout(c)), /asks for no other protocol/],
    [
      'Connection: upgrade\r\nUpgrade: shout\r\n',
      (e) => e.upgrade(101, [], (c) => new Shout(c)),
      /needs an Upgrade field/,
    ],
    [
      'Connection: upgrade\r\nUpgrade: shout\r\n',
      (e) => e.upgrade(200, ['Upgrade', 'shout'], (c) => new Shout(c)),
      /by 101, not by 200/,
    ],
    [
      'Connection: upgrade\r\nUpgrade: shout\r\n',
      (e) => e.upgrade(101, ['Upgrade', 'a\r\nb'], (c) => new Shout(c)),
      /control character/,
    ],
    [
      'Upgrade: shout\r\n',
      (e) => e.upgrade(101, ['Upgrade', 'shout'], (c) => new Shout(c)),
      /asks for no other protocol/,
    ],
  ]
  for (const [fields, way, message] of wrong) {
    let thrown: unknown
    const { host, laptop } = await world((exchange) => {
      try {
        way(exchange)
      } catch (error) {
        thrown = error
      }
      exchange.reply(400, [], 'otherwise')
    })
    const raw = await (await import('../trial/raw.ts')).RawClient.open(laptop, { address: '10.0.0.80', port: 80 })
    assert.match(await raw.send(`GET / HTTP/1.1\r\nHost: a\r\n${fields}\r\n`), /^HTTP\/1.1 400 .*otherwise$/s)
    assert.ok(thrown instanceof HttpMisuse, String(thrown))
    assert.match(thrown.message, message)
    void host
  }
})

test('an owner that cannot be made costs the connection', async () => {
  const errors: unknown[] = []
  const { client, network, server } = await world(
    (exchange) =>
      exchange.upgrade(101, ['Upgrade', 'shout'], () => {
        throw new Error('no room')
      }),
    { onError: (error) => void errors.push(String(error)) },
  )
  await assert.rejects(client.upgrade('http://web/', 'shout'), { code: 'ECONNRESET' })
  assert.deepEqual(errors, ['Error: no room'])
  assert.deepEqual([server.connections, network.open], [0, 0])
})

test('a tunnel to a far side that speaks first gives all of what it said (SMTP, SSH, FTP)', async () => {
  for (const chunk of [1, 1000]) {
    const { laptop, network } = await world(() => {}, { connect: { allow: () => true } }, { chunk })
    const far = network.host('far', '10.0.0.9')
    await far.listen({ address: '10.0.0.9', port: 25 }, (connection) => {
      connection.attach(new Listener())
      connection.write(Buffer.from('220 ready\r\n'))
    })
    const connection = await tunnel(laptop, 'http://web:80', 'far:25')
    await settle()
    const ear = new Listener()
    connection.attach(ear)
    await settle()
    assert.equal(ear.text, '220 ready\r\n')
    connection.close()
  }
  // The banner in the very read that has the proxy's answer.
  const network = new TestNetwork()
  const proxy = network.host('proxy', '10.0.0.3')
  await proxy.listen({ address: '10.0.0.3', port: 3128 }, (connection) => {
    connection.attach({
      ...new Listener(),
      onData: () => void connection.write(Buffer.from('HTTP/1.1 200 OK\r\n\r\n220 ready\r\n')),
      onEnd() {},
      onDrain() {},
      onClose() {},
    })
  })
  const connection = await tunnel(network.host('laptop', '10.0.0.2'), 'http://proxy:3128', 'far:25')
  const ear = new Listener()
  connection.attach(ear)
  await settle()
  assert.equal(ear.text, '220 ready\r\n')
})
