import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seconds, sleep } from '../../base/duration.ts'
import { type Internet, internet, ms, type SimHost } from '../../sim/index.ts'
import type { Connection, Host } from '../../socket/host.ts'
import { decode, MessageFault } from '../message/decode.ts'
import { encode } from '../message/encode.ts'
import { Framer } from '../message/framing.ts'
import { type Message, query, response } from '../message/message.ts'
import { Name } from '../message/name.ts'
import { CLASS, RCODE, TYPE } from '../message/types.ts'
import type { Responder } from './responder.ts'
import { type ServerOptions, serveDns } from './server.ts'

const echo: Responder = (asked) => response(asked)

/** Runs `scene` with a client and a server that answers with `responder`. */
async function withServer(
  responder: Responder,
  options: ServerOptions,
  scene: (client: SimHost, server: SimHost) => Promise<void>,
): Promise<void> {
  const net: Internet = internet({ seed: 1 })
  const client = net.host('client')
  const server = net.host('server')
  net.link(client, server, { latency: ms(1) })
  await net.run(async () => {
    const front = await serveDns(server, responder, {
      ...options,
      limits: { front: { streamIdle: seconds(3600), ...options.limits?.front } },
    })
    assert.equal(front.local.port, 53)
    await scene(client, server)
    await front.close()
  })
}

function ask(name: string, id: number): Uint8Array {
  return encode(query(Name.parse(name), TYPE.A, { id }))
}

/** The client's end of a TCP connection: what came, and whether and how it ended. */
class Peer {
  readonly replies: Message[] = []
  ended = false
  closed = false
  readonly connection: Connection
  readonly #framer = new Framer()

  constructor(connection: Connection) {
    this.connection = connection
    connection.attach({
      onData: (bytes) => {
        this.#framer.push(bytes)
        for (let next = this.#framer.next(); next !== null; next = this.#framer.next()) {
          const reply = decode(next)
          assert.ok(!(reply instanceof MessageFault))
          this.replies.push(reply)
        }
      },
      onEnd: () => {
        this.ended = true
      },
      onDrain() {},
      onClose: () => {
        this.closed = true
      },
    })
  }

  static async to(client: Host, server: SimHost): Promise<Peer> {
    return new Peer(await client.connect({ address: server.address, port: 53 }))
  }

  send(...messages: Uint8Array[]): void {
    for (const bytes of messages)
      this.connection.write(Buffer.concat([Uint8Array.of(bytes.length >>> 8, bytes.length), bytes]))
  }

  get ids(): number[] {
    return this.replies.map((reply) => reply.id)
  }
}

/** What comes back over UDP for those octets within a second; null for nothing. */
async function overUdp(client: Host, server: SimHost, bytes: Uint8Array): Promise<Message | null> {
  const socket = await client.datagrams()
  let reply: Message | null = null
  socket.attach({
    onDatagram: (received) => {
      const result = decode(received)
      if (!(result instanceof MessageFault)) reply = result
    },
    onError() {},
    onClose() {},
  })
  socket.send(bytes, { address: server.address, port: 53 })
  await sleep(client.clock, seconds(1))
  socket.close()
  return reply
}

test('UDP: answers, malformed queries, silence for responses', () =>
  withServer(echo, {}, async (client, server) => {
    assert.equal((await overUdp(client, server, ask('a.', 5)))?.id, 5)
    assert.equal((await overUdp(client, server, ask('a.', 5).subarray(0, 14)))?.rcode, RCODE.FORMERR)
    assert.equal(await overUdp(client, server, encode(response(query(Name.root, TYPE.A)))), null)
  }))

test('a responder that throws or rejects is answered with SERVFAIL, one that is silent not at all', async () => {
  const responder: Responder = ({ question }) => {
    const name = String(question[0]!.name)
    if (name === 'throws.') throw new Error('no')
    return name === 'rejects.' ? Promise.reject(new Error('no')) : null
  }
  await withServer(responder, { onError: () => {} }, async (client, server) => {
    assert.equal((await overUdp(client, server, ask('throws.', 1)))?.rcode, RCODE.SERVFAIL)
    assert.equal((await overUdp(client, server, ask('rejects.', 1)))?.rcode, RCODE.SERVFAIL)
    assert.equal(await overUdp(client, server, ask('silent.', 1)), null)
  })
})

test('TCP: pipelined queries are answered as they become ready, not in order (RFC 7766 §7)', async () => {
  let clock: Host['clock']
  const responder: Responder = async (asked) => {
    if (String(asked.question[0]!.name) === 'slow.') await sleep(clock, seconds(1))
    return response(asked)
  }
  await withServer(responder, {}, async (client, server) => {
    clock = server.clock
    const peer = await Peer.to(client, server)
    peer.send(ask('slow.', 1), ask('fast.', 2), ask('fast.', 3))
    await sleep(client.clock, seconds(0.5))
    assert.deepEqual(peer.ids, [2, 3])
    await sleep(client.clock, seconds(1))
    assert.deepEqual(peer.ids, [2, 3, 1])
    peer.connection.end()
    await sleep(client.clock, seconds(1))
    assert.ok(peer.closed)
  })
})

test('TCP: a reply does not wait for the acknowledgment of the one before it', async () => {
  let server!: SimHost
  const slower: Responder = async (asked) => {
    await sleep(server.clock, ms(asked.id))
    return response(asked)
  }
  await withServer(slower, {}, async (client, host) => {
    server = host
    const peer = await Peer.to(client, host)
    const began = client.clock.now()
    peer.send(ask('a.test.', 1), ask('b.test.', 2))
    while (peer.ids.length < 2) await sleep(client.clock, ms(1))
    assert.ok(client.clock.now() - began < ms(10), `${(client.clock.now() - began) / ms(1)} ms`)
    peer.connection.close()
  })
})

test('TCP: the queries before a half-close are all answered', async () => {
  let clock: Host['clock']
  const responder: Responder = async (asked) => {
    await sleep(clock, seconds(1))
    return response(asked)
  }
  await withServer(responder, {}, async (client, server) => {
    clock = server.clock
    const peer = await Peer.to(client, server)
    peer.send(ask('a.', 1), ask('b.', 2))
    peer.connection.end()
    await sleep(client.clock, seconds(3))
    assert.deepEqual(peer.ids, [1, 2])
    assert.ok(peer.closed)
  })
})

test('limit: a connection without a whole query is closed, also when octets trickle in', () =>
  withServer(echo, { limits: { front: { streamIdle: seconds(2) } } }, async (client, server) => {
    const peer = await Peer.to(client, server)
    for (let i = 0; i < 10 && !peer.ended; i++) {
      peer.connection.write(Uint8Array.of(0xff))
      await sleep(client.clock, seconds(0.5))
    }
    assert.ok(peer.ended)
    const busy = await Peer.to(client, server)
    for (let i = 0; i < 5; i++) {
      busy.send(ask('a.', i))
      await sleep(client.clock, seconds(1))
    }
    assert.deepEqual([busy.ids.length, busy.ended], [5, false], 'queries keep it open')
    await sleep(client.clock, seconds(3))
    assert.ok(busy.ended)
  }))

test('limit: queries on one connection, then it is closed', () =>
  withServer(echo, { limits: { front: { streamQueries: 3 } } }, async (client, server) => {
    const peer = await Peer.to(client, server)
    peer.send(...[1, 2, 3, 4, 5].map((id) => ask('a.', id)))
    await sleep(client.clock, seconds(1))
    assert.deepEqual([peer.ids, peer.ended], [[1, 2, 3], true])
  }))

test('limit: connections at a time: the one that is idle longest makes room, one that is answered never', async () => {
  const waiting: (() => void)[] = []
  const responder: Responder = (asked) =>
    String(asked.question[0]!.name) === 'slow.'
      ? new Promise((done) => waiting.push(() => done(response(asked))))
      : response(asked)
  const limits = { front: { streams: 3, streamsPerClient: 3 } }
  await withServer(responder, { limits }, async (client, server) => {
    const [busy, quiet, lively] = [
      await Peer.to(client, server),
      await Peer.to(client, server),
      await Peer.to(client, server),
    ]
    busy.send(ask('slow.', 1))
    quiet.send(ask('a.', 2))
    await sleep(client.clock, seconds(1))
    lively.send(ask('a.', 3))
    await sleep(client.clock, seconds(1))
    const next = await Peer.to(client, server)
    next.send(ask('a.', 4))
    await sleep(client.clock, seconds(1))
    assert.deepEqual(
      [busy, quiet, lively, next].map((peer) => peer.ended),
      [false, true, false, false],
    )
    assert.deepEqual(next.ids, [4])
    for (const peer of [lively, next]) peer.send(ask('slow.', 5))
    await sleep(client.clock, seconds(1))
    // Where all are being answered there is no room to be made.
    const late = await Peer.to(client, server)
    await sleep(client.clock, seconds(1))
    assert.ok(late.closed)
    for (const done of waiting.splice(0)) done()
    await sleep(client.clock, seconds(1))
    assert.deepEqual([busy.ids, lively.ids, next.ids], [[1], [3, 5], [4, 5]])
  })
})

test('limit: one client has its share of the connections, others find theirs', () => {
  const limits = { front: { streams: 8, streamsPerClient: 2 } }
  return withServer(echo, { limits }, async (client, server) => {
    const peers: Peer[] = []
    for (let i = 0; i < 20; i++) peers.push(await Peer.to(client, server))
    await sleep(client.clock, seconds(1))
    assert.equal(peers.filter((peer) => !peer.ended).length, 2)
    peers.at(-1)!.send(ask('a.', 1))
    await sleep(client.clock, seconds(1))
    assert.deepEqual(peers.at(-1)!.ids, [1])
  })
})

test('a reply of several messages goes over TCP one after the other, with back-pressure; over UDP it is cut off', async () => {
  let made = 0
  const big = Array.from({ length: 400 }, (_, i) => ({
    name: Name.parse(`h${i}.`),
    type: TYPE.A,
    class: CLASS.IN,
    ttl: 1,
    rdata: Uint8Array.of(10, 0, i >> 8, i & 255),
  }))
  async function* transfer(asked: Message) {
    for (; made < 500; made++) yield response(asked, { answer: big })
  }
  await withServer(
    (asked) => transfer(asked),
    {},
    async (client, server) => {
      assert.equal((await overUdp(client, server, ask('zone.', 1)))?.tc, true)
      assert.equal(made, 0)
      const peer = await Peer.to(client, server)
      peer.connection.pause()
      peer.send(ask('zone.', 2))
      await sleep(client.clock, seconds(5))
      assert.ok(made < 300, `${made} messages were made for a client that does not read`)
      peer.connection.resume()
      await sleep(client.clock, seconds(30))
      assert.deepEqual([peer.replies.length, peer.replies.at(-1)?.answer.length], [500, 400])
      peer.connection.close()
    },
  )
})

test('a client that leaves ends the making of its reply, one that fails in the middle is cut off', async () => {
  let ended = false
  const errors: unknown[] = []
  const options = { onError: (error: unknown) => void errors.push(error) }
  async function* endless(asked: Message) {
    try {
      for (;;) yield response(asked)
    } finally {
      ended = true
    }
  }
  async function* failing(asked: Message) {
    yield response(asked)
    throw new Error('the zone has gone')
  }
  const responder: Responder = (asked) =>
    String(asked.question[0]!.name) === 'endless.' ? endless(asked) : failing(asked)
  await withServer(responder, options, async (client, server) => {
    const leaving = await Peer.to(client, server)
    leaving.connection.pause()
    leaving.send(ask('endless.', 1))
    await sleep(client.clock, seconds(1))
    leaving.connection.reset()
    await sleep(client.clock, seconds(1))
    assert.ok(ended)
    const cut = await Peer.to(client, server)
    cut.send(ask('failing.', 2))
    await sleep(client.clock, seconds(1))
    assert.deepEqual([cut.ids, cut.closed], [[2], true])
    assert.match(String(errors), /the zone has gone/)
  })
})

test('what a responder or onAnswer throws is reported, never lost', async () => {
  const errors: string[] = []
  const options: ServerOptions = {
    onError: (error, { question }) => void errors.push(`${question[0]!.name} ${(error as Error).message}`),
    onAnswer: async ({ question }) => {
      if (String(question[0]!.name) === 'log.') throw new Error('disk full')
    },
  }
  const responder: Responder = (asked) => {
    if (String(asked.question[0]!.name) === 'broken.') throw new Error('oops')
    return response(asked)
  }
  await withServer(responder, options, async (client, server) => {
    assert.equal((await overUdp(client, server, ask('broken.', 1)))?.rcode, RCODE.SERVFAIL)
    assert.equal((await overUdp(client, server, ask('log.', 2)))?.rcode, RCODE.NOERROR)
  })
  assert.deepEqual(errors, ['broken. oops', 'log. disk full'])
})

test('limit: queries of one connection, and over UDP, that are being answered', async () => {
  const waiting: (() => void)[] = []
  const responder: Responder = (asked) => new Promise((done) => waiting.push(() => done(response(asked))))
  await withServer(responder, { limits: { front: { streamPending: 2, udpPending: 1 } } }, async (client, server) => {
    const peer = await Peer.to(client, server)
    peer.send(...[1, 2, 3].map((id) => ask('a.', id)))
    await sleep(client.clock, seconds(1))
    assert.equal(waiting.length, 2)
    waiting.shift()!()
    await sleep(client.clock, seconds(1))
    assert.deepEqual([peer.ids, waiting.length], [[1], 2])
    for (const done of waiting.splice(0)) done()
    await sleep(client.clock, seconds(1))
    assert.deepEqual(peer.ids, [1, 2, 3])

    await overUdp(client, server, ask('a.', 1))
    await overUdp(client, server, ask('a.', 2))
    assert.equal(waiting.length, 1)
    for (const done of waiting.splice(0)) done()
  })
})

test('a client that does not take its reply keeps no place: it is closed, and makes room before that', async () => {
  async function* endless(asked: Message) {
    for (;;) yield response(asked)
  }
  const limits = { front: { streamIdle: seconds(10), streams: 2, streamsPerClient: 2 } }
  await withServer(
    (asked) => (String(asked.question[0]!.name) === 'zone.' ? endless(asked) : response(asked)),
    { limits },
    async (client, server) => {
      const stuck: Peer[] = []
      for (const id of [1, 2]) {
        const peer = await Peer.to(client, server)
        peer.connection.pause()
        peer.send(ask('zone.', id))
        stuck.push(peer)
      }
      await sleep(client.clock, seconds(1))
      const next = await Peer.to(client, server)
      next.send(ask('a.', 3))
      await sleep(client.clock, seconds(1))
      assert.deepEqual(next.ids, [3])
      await sleep(client.clock, seconds(60))
      // Who is paused is told of nothing; a server that had not closed would now go on for ever.
      for (const peer of stuck) peer.connection.resume()
      await sleep(client.clock, seconds(1))
      assert.deepEqual(
        stuck.map((peer) => peer.ended || peer.closed),
        [true, true],
      )
    },
  )
})

test('what comes after the last query of a connection is not kept', async () => {
  const responder: Responder = () => new Promise(() => {})
  await withServer(responder, { limits: { front: { streamQueries: 1 } } }, async (client, server) => {
    const peer = await Peer.to(client, server)
    peer.send(ask('a.', 1))
    for (let sent = 0; sent < 400; sent++) {
      peer.connection.write(new Uint8Array(10_000))
      await sleep(client.clock, seconds(0.1))
    }
    assert.ok(
      peer.connection.queued > 1_000_000,
      `only ${peer.connection.queued} octets of 4,000,000 wait at the client`,
    )
    peer.connection.reset()
  })
})
