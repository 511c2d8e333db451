/** Kept connections to servers: many questions on one, and every way in which one can end. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SECOND } from '../../base/clock.ts'
import { seconds, sleep } from '../../base/duration.ts'
import { internet, ms, type SimHost } from '../../sim/index.ts'
import type { Connection } from '../../socket/host.ts'
import type { ExchangeLimits } from '../limits.ts'
import { decode } from '../message/decode.ts'
import { encode } from '../message/encode.ts'
import { Framer, framed } from '../message/framing.ts'
import { type Message, response } from '../message/message.ts'
import { Name } from '../message/name.ts'
import { CLASS, RCODE, TYPE } from '../message/types.ts'
import { ServerBook } from '../servers/book.ts'
import { upstream } from '../servers/upstream.ts'
import { HostExchange } from './client.ts'
import type { ExchangeResult } from './exchange.ts'

/** A server on TCP that keeps what it is asked; `reply` says how it answers, null for silence. */
class TcpServer {
  readonly connections: Connection[] = []
  readonly asked: { readonly connection: number; readonly query: Message }[] = []
  reply: (query: Message, connection: Connection) => void = (query, connection) =>
    void connection.write(framed(encode(response(query))))

  async listen(host: SimHost): Promise<void> {
    await host.listen({ address: '0.0.0.0', port: 53 }, (connection) => {
      const number = this.connections.push(connection) - 1
      const framer = new Framer()
      connection.attach({
        onData: (bytes) => {
          framer.push(bytes)
          for (let next = framer.next(); next !== null; next = framer.next()) {
            const query = decode(next) as Message
            this.asked.push({ connection: number, query })
            this.reply(query, connection)
          }
        },
        onEnd: () => connection.close(),
        onDrain() {},
        onClose() {},
      })
    })
  }
}

async function scene(
  limits: Partial<ExchangeLimits>,
  run: (
    server: TcpServer,
    ask: (name: string) => Promise<ExchangeResult>,
    client: SimHost,
    book: ServerBook,
  ) => Promise<void>,
): Promise<void> {
  const net = internet({ seed: 5 })
  const [client, machine] = [net.host('client'), net.host('server')]
  net.link(client, machine, { latency: ms(10) })
  const book = new ServerBook()
  const exchange = new HostExchange(client, { limits, book })
  const at = upstream({ address: machine.address, port: 53 }, 'tcp')
  const ask = (name: string) =>
    exchange.ask({
      upstream: at,
      question: { name: Name.parse(name), type: TYPE.A, class: CLASS.IN },
      recursionDesired: true,
      dnssecOk: false,
      checkingDisabled: false,
      timeout: SECOND,
    })
  await net.run(async () => {
    const server = new TcpServer()
    await server.listen(machine)
    await run(server, ask, client, book)
  })
}

const cause = (result: ExchangeResult) => (result.kind === 'failure' ? result.cause : result.kind)
const names = (count: number) => Array.from({ length: count }, (_, i) => `n${i}.`)

test('questions share a connection, at once and one after the other, and their replies may come in any order', () =>
  scene({}, async (server, ask, client) => {
    const held: (() => void)[] = []
    server.reply = (query, connection) => void held.push(() => connection.write(framed(encode(response(query)))))
    const results = names(10).map(ask)
    await sleep(client.clock, seconds(1))
    for (const answer of held.splice(0).reverse()) answer()
    for (const [i, result] of (await Promise.all(results)).entries())
      assert.equal(result.kind === 'reply' && String(result.message.question[0]!.name), `n${i}.`)
    server.reply = (query, connection) => void connection.write(framed(encode(response(query))))
    assert.equal(cause(await ask('later.')), 'reply')
    assert.equal(server.connections.length, 1)
    assert.equal(new Set(server.asked.map(({ query }) => query.id)).size, 11)
  }))

test('a connection with nothing to do is closed after a while; the next question opens another', () =>
  scene({ streamIdle: seconds(2) }, async (server, ask, client) => {
    await ask('a.')
    await sleep(client.clock, seconds(1))
    await ask('b.')
    await sleep(client.clock, seconds(3))
    await ask('c.')
    assert.deepEqual(
      server.asked.map(({ connection }) => connection),
      [0, 0, 1],
    )
  }))

test('a server that has closed the kept connection is asked over a new one, once', () =>
  scene({}, async (server, ask, client) => {
    await ask('a.')
    server.connections[0]!.end()
    await sleep(client.clock, seconds(1))
    assert.equal(cause(await ask('b.')), 'reply')
    // It closes while the question is on its way.
    server.reply = (query, connection) =>
      connection === server.connections.at(-1) && server.connections.length === 2
        ? connection.close()
        : void connection.write(framed(encode(response(query))))
    assert.equal(cause(await ask('c.')), 'reply')
    assert.equal(server.connections.length, 3)
    // CVE-2023-46317: one that does nothing but close is not connected to for ever.
    server.reply = (_query, connection) => connection.close()
    assert.equal(cause(await ask('d.')), 'closed')
    assert.equal(server.connections.length, 4)
  }))

test('a question that is not answered in time is given up alone; the connection is not trusted any more', () =>
  scene({ streamTime: seconds(2) }, async (server, ask, client) => {
    server.reply = (query, connection) => {
      if (!String(query.question[0]!.name).startsWith('lost')) connection.write(framed(encode(response(query))))
    }
    await ask('a.')
    const lost = ask('lost.')
    await sleep(client.clock, seconds(1))
    assert.equal(cause(await ask('b.')), 'reply')
    assert.equal(cause(await lost), 'timeout')
    assert.equal(cause(await ask('c.')), 'reply')
    assert.deepEqual(
      server.asked.map(({ connection }) => connection),
      [0, 0, 0, 1],
    )
  }))

test('a reply to a question that nobody has asked ends the connection and all that wait on it', () =>
  scene({}, async (server, ask) => {
    server.reply = (query, connection) => {
      if (String(query.question[0]!.name) === 'b.')
        connection.write(framed(encode(response({ ...query, id: query.id ^ 0x5555 }))))
    }
    assert.deepEqual((await Promise.all([ask('a.'), ask('b.')])).map(cause), ['mismatched', 'mismatched'])
    server.reply = (query, connection) => {
      const bytes = encode(
        response(query, { answer: [{ name: Name.root, type: TYPE.A, class: 1, ttl: 1, rdata: new Uint8Array(4) }] }),
      )
      connection.write(framed(bytes.subarray(0, bytes.length - 1)))
    }
    assert.equal(cause(await ask('c.')), 'malformed')
  }))

test('limit: questions on one connection, idle connections', async () => {
  await scene({ streamQuestions: 3 }, async (server, ask) => {
    for (const name of names(7)) await ask(name)
    assert.deepEqual(
      server.asked.map(({ connection }) => connection),
      [0, 0, 0, 1, 1, 1, 2],
    )
  })
  const net = internet({ seed: 6 })
  const client = net.host('client')
  const machines = [1, 2, 3].map((i) => net.host(`server${i}`))
  for (const machine of machines) net.link(client, machine, { latency: ms(1) })
  const servers = machines.map(() => new TcpServer())
  const exchange = new HostExchange(client, { limits: { idleStreams: 2 } })
  await net.run(async () => {
    for (const [i, machine] of machines.entries()) await servers[i]!.listen(machine)
    const ask = (i: number) =>
      exchange.ask({
        upstream: upstream({ address: machines[i]!.address, port: 53 }, 'tcp'),
        question: { name: Name.root, type: TYPE.A, class: CLASS.IN },
        recursionDesired: false,
        dnssecOk: false,
        checkingDisabled: false,
        timeout: SECOND,
      })
    for (const i of [0, 1, 2]) await ask(i)
    await sleep(client.clock, seconds(1))
    for (const i of [2, 1, 0]) await ask(i)
  })
  assert.deepEqual(
    servers.map(({ connections }) => connections.length),
    [2, 1, 1],
  )
})

test('over TCP too a server that does not know EDNS is asked without', () =>
  scene({}, async (server, ask, client, book) => {
    server.reply = (query, connection) =>
      void connection.write(framed(encode(response(query, query.edns === null ? {} : { rcode: RCODE.FORMERR }))))
    const result = await ask('a.')
    assert.equal(result.kind === 'reply' && result.message.rcode, RCODE.NOERROR)
    const key = `tcp://${server.connections[0]!.local.address}:53`
    assert.equal(book.lacks(key, 'edns', client.clock.now()), true)
  }))

test('a server to which no connection can be made is not tried over TCP for a while', async () => {
  const net = internet({ seed: 7 })
  const [client, machine] = [net.host('client'), net.host('server')]
  net.link(client, machine, { latency: ms(10) })
  const exchange = new HostExchange(client)
  await net.run(async () => {
    const socket = await machine.datagrams({ address: '0.0.0.0', port: 53 })
    let datagrams = 0
    socket.attach({
      onDatagram(bytes, from) {
        datagrams++
        socket.send(encode(response(decode(bytes) as Message, { tc: true })), from)
      },
      onError() {},
      onClose() {},
    })
    const ask = () =>
      exchange.ask({
        upstream: upstream({ address: machine.address, port: 53 }),
        question: { name: Name.root, type: TYPE.A, class: CLASS.IN },
        recursionDesired: false,
        dnssecOk: false,
        checkingDisabled: false,
        timeout: SECOND,
      })
    assert.equal(cause(await ask()), 'unreachable')
    const started = client.clock.now()
    assert.equal(cause(await ask()), 'unreachable')
    assert.ok(client.clock.now() - started < ms(25)) // the datagram and its reply, and no connection
    assert.equal(datagrams, 2)
  })
})
