/** The exchange over simulated hosts, with servers that behave as badly as servers do. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { after, type Clock, MILLISECOND, type Nanos, SECOND } from '../../base/clock.ts'
import { seconds, sleep } from '../../base/duration.ts'
import { SocketError } from '../../base/errors.ts'
import { RecordingLog } from '../../base/events.ts'
import { internet, ms, type SimHost } from '../../sim/index.ts'
import type { IpAddress } from '../../socket/address.ts'
import type { Host } from '../../socket/host.ts'
import { isEvent } from '../../trace/index.ts'
import { DNS_LIMITS } from '../limits.ts'
import { decode } from '../message/decode.ts'
import { edns } from '../message/edns.ts'
import { encode } from '../message/encode.ts'
import { framed } from '../message/framing.ts'
import { type Message, response } from '../message/message.ts'
import { Name } from '../message/name.ts'
import { CLASS, RCODE, TYPE } from '../message/types.ts'
import { ServerBook } from '../servers/book.ts'
import { upstream } from '../servers/upstream.ts'
import { HostExchange, type HostExchangeOptions } from './client.ts'
import type { ExchangeRequest, ExchangeResult } from './exchange.ts'

const QUESTION = { name: Name.parse('www.example.'), type: TYPE.A, class: CLASS.IN }
const ANSWER = { name: QUESTION.name, type: TYPE.A, class: CLASS.IN, ttl: 60, rdata: Uint8Array.of(192, 0, 2, 1) }

interface Received {
  readonly query: Message
  readonly from: IpAddress
}

function world(options: HostExchangeOptions = {}) {
  const log = new RecordingLog()
  const net = internet({ seed: 3, log })
  const client = net.host('client')
  const server = net.host('server')
  net.link(client, server, { latency: ms(10) })
  const exchange = new HostExchange(client, options)
  const request = (parts: Partial<ExchangeRequest> = {}): ExchangeRequest => ({
    upstream: upstream({ address: server.address, port: 53 }),
    question: QUESTION,
    recursionDesired: false,
    dnssecOk: false,
    checkingDisabled: false,
    timeout: 400 * MILLISECOND,
    ...parts,
  })
  const events = () => log.events.filter((event) => isEvent(event, 'dns.exchange'))
  return { net, client, server, exchange, request, events }
}

/** Answers datagrams with whatever messages the function says. */
async function udp(
  server: SimHost,
  replies: (query: Message) => readonly (Message | Uint8Array)[],
): Promise<Received[]> {
  const received: Received[] = []
  const socket = await server.datagrams({ address: '0.0.0.0', port: 53 })
  socket.attach({
    onDatagram(bytes, from) {
      const query = decode(bytes) as Message
      received.push({ query, from })
      for (const reply of replies(query)) socket.send(reply instanceof Uint8Array ? reply : encode(reply), from)
    },
    onError() {},
    onClose() {},
  })
  return received
}

/** Answers each datagram after a while. */
async function slowUdp(server: SimHost, clock: Clock, delay: Nanos): Promise<void> {
  const socket = await server.datagrams({ address: '0.0.0.0', port: 53 })
  socket.attach({
    onDatagram(bytes, from) {
      const query = decode(bytes) as Message
      after(clock, delay, () => socket.send(encode(answer(query)), from))
    },
    onError() {},
    onClose() {},
  })
}

/** Answers each message on a connection, the reply cut into pieces of that many octets. */
async function tcp(server: SimHost, reply: (query: Message) => Message | null, piece = 65_535): Promise<Message[]> {
  const received: Message[] = []
  await server.listen({ address: '0.0.0.0', port: 53 }, (connection) => {
    connection.attach({
      onData(bytes) {
        const query = decode(bytes.subarray(2)) as Message
        received.push(query)
        const answer = reply(query)
        if (answer === null) return connection.close()
        const out = framed(encode(answer))
        for (let i = 0; i < out.length; i += piece) connection.write(out.subarray(i, i + piece))
      },
      onEnd: () => connection.close(),
      onDrain() {},
      onClose() {},
    })
  })
  return received
}

const answer = (query: Message, parts: Partial<Message> = {}) =>
  response(query, { answer: [ANSWER], edns: query.edns, ...parts })

test('an exchange over UDP: the reply, its time, and an event', async () => {
  const { net, server, exchange, request, events } = world()
  await net.run(async () => {
    const [received] = [await udp(server, (query) => [answer(query)])]
    const result = await exchange.ask(request())
    assert.equal(result.kind, 'reply')
    assert.ok(result.kind === 'reply' && result.rtt! >= 20 * MILLISECOND && result.rtt! < 45 * MILLISECOND)
    assert.equal(received[0]?.query.edns?.udpSize, 1232)
    assert.equal(received[0]?.query.rd, false)
  })
  const [event] = events()
  assert.deepEqual(
    [event?.transport, event?.rcode, event?.attempts, event?.name],
    ['udp', 'NOERROR', 1, 'www.example.'],
  )
})

test('limit: ports that are tried; then the host chooses one', async () => {
  const { net, client, server, request } = world()
  const tried: number[] = []
  const datagrams: Host['datagrams'] = async (at) => {
    tried.push(at!.port)
    if (at!.port !== 0) throw new SocketError('EADDRINUSE', 'bind', at!)
    return client.datagrams(at)
  }
  const host = new Proxy<Host>(client, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name)
      if (name === 'datagrams') return datagrams
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  await net.run(async () => {
    await udp(server, (query) => [answer(query)])
    const result = await new HostExchange(host, { limits: { portTries: 2 } }).ask(request())
    assert.equal(result.kind, 'reply')
  })
  assert.equal(tried.length, 3)
  assert.ok(tried[0]! >= 1024 && tried[1]! >= 1024 && tried[2] === 0, String(tried))
})

test('every exchange has a port and an ID of its own', async () => {
  const { net, server, exchange, request } = world()
  await net.run(async () => {
    const received = await udp(server, (query) => [answer(query)])
    for (let i = 0; i < 30; i++) await exchange.ask(request())
    assert.ok(new Set(received.map(({ from }) => from.port)).size >= 29)
    assert.ok(new Set(received.map(({ query }) => query.id)).size >= 29)
    assert.ok(received.every(({ from }) => from.port >= 1024))
  })
})

test('equal questions under way at once are one', async () => {
  const { net, server, exchange, request } = world()
  await net.run(async () => {
    const received = await udp(server, (query) => [answer(query)])
    await Promise.all([exchange.ask(request()), exchange.ask(request()), exchange.ask(request())])
    assert.equal(received.length, 1)
  })
})

function cause(result: ExchangeResult): string {
  return result.kind === 'failure' ? result.cause : result.kind
}

test('silence is a time-out when its time has come', async () => {
  const { net, server, exchange, request, events } = world()
  await net.run(async () => {
    const received = await udp(server, () => [])
    const started = net.clock.now()
    assert.equal(cause(await exchange.ask(request())), 'timeout')
    assert.equal(received.length, 1)
    assert.ok(Math.abs(net.clock.now() - started - 0.4 * SECOND) < 50 * MILLISECOND)
  })
  assert.deepEqual([events()[0]?.rcode, events()[0]?.failure], ['', 'timeout'])
})

test('whoever asks to be told of the time-out gets the reply that comes late', async () => {
  const { net, server, exchange, request } = world()
  await net.run(async () => {
    await slowUdp(server, net.clock, SECOND)
    let overdue = 0
    const result = await exchange.ask(request({ overdue: () => void overdue++ }))
    assert.ok(result.kind === 'reply' && result.rtt! > SECOND)
    assert.equal(overdue, 1)
    // Meanwhile the same question may be asked anew.
    const first = exchange.ask(request({ overdue: () => void overdue++ }))
    await sleep(net.clock, seconds(0.5))
    assert.equal(overdue, 2)
    const second = exchange.ask(request({ overdue: () => void overdue++ }))
    assert.notEqual(first, second)
    assert.deepEqual((await Promise.all([first, second])).map(cause), ['reply', 'reply'])
  })
})

test('limit: late replies are listened for so long, and for so many exchanges at a time', async () => {
  const { net, server, exchange, request } = world({ limits: { lateReply: seconds(2), lateReplies: 2 } })
  await net.run(async () => {
    await udp(server, () => [])
    const started = net.clock.now()
    const asks = [TYPE.A, TYPE.AAAA, TYPE.MX].map((type) =>
      exchange.ask(request({ question: { ...QUESTION, type }, overdue() {} })),
    )
    assert.equal(cause(await asks[0]!), 'timeout')
    assert.ok(net.clock.now() - started < SECOND) // the oldest had to go
    assert.deepEqual((await Promise.all(asks)).map(cause), ['timeout', 'timeout', 'timeout'])
    assert.ok(Math.abs(net.clock.now() - started - 2.4 * SECOND) < SECOND / 10)
  })
})

test('a reply that cannot be read is not a silence: when its time has come, the server is broken', async () => {
  const { net, server, exchange, request } = world()
  await net.run(async () => {
    await udp(server, (query) => {
      const bytes = encode(answer(query, { edns: null }))
      return [bytes.subarray(0, bytes.length - 1)]
    })
    const started = net.clock.now()
    assert.equal(cause(await exchange.ask(request())), 'malformed')
    assert.ok(net.clock.now() - started < 0.5 * SECOND)
  })
})

test('what is broken or too much beside the answer does not spoil it', async () => {
  const opaque = { ...ANSWER, type: 65000 } // becomes an AAAA record of four octets
  for (const reply of [
    (query: Message) => Uint8Array.of(...encode(answer(query)), 0, 0),
    (query: Message) => asAaaa(encode(answer(query, { answer: [opaque, ANSWER] }))),
    (query: Message) => encode(answer(query, { edns: null, additional: [ANSWER] })).subarray(0, -1),
  ]) {
    const { net, server, exchange, request } = world()
    await net.run(async () => {
      await udp(server, (query) => [reply(query)])
      const result = await exchange.ask(request())
      assert.deepEqual(result.kind === 'reply' && result.message.answer[0]?.rdata, ANSWER.rdata)
    })
  }
})

/** The message with its type 65000 made AAAA: what no encoder writes. */
function asAaaa(bytes: Uint8Array): Uint8Array {
  for (let at = bytes.length - 2; at > 12; at--)
    if (bytes[at] === 65000 >>> 8 && bytes[at + 1] === (65000 & 255)) {
      bytes[at] = 0
      bytes[at + 1] = TYPE.AAAA
      return bytes
    }
  throw new Error('there is no such type')
}

test('nobody at the port is known at once', async () => {
  const { net, exchange, request } = world()
  await net.run(async () => {
    const started = net.clock.now()
    const result = await exchange.ask(request())
    assert.ok(result.kind === 'failure' && result.cause === 'unreachable')
    assert.match(result.why, /ECONNREFUSED/)
    assert.ok(net.clock.now() - started < 100 * MILLISECOND)
  })
})

test('forged replies are passed over: the true one is taken', async () => {
  const { net, server, exchange, request } = world()
  await net.run(async () => {
    const forged = { answer: [{ ...ANSWER, rdata: Uint8Array.of(6, 6, 6, 6) }] }
    await udp(server, (query) => [
      answer(query, { ...forged, id: query.id ^ 1 }),
      answer(query, { ...forged, question: [{ ...QUESTION, type: TYPE.AAAA }] }),
      encode(answer(query, forged)).subarray(0, 30),
      { ...query, ...forged },
      answer(query),
    ])
    const result = await exchange.ask(request())
    assert.deepEqual(result.kind === 'reply' && result.message.answer[0]?.rdata, ANSWER.rdata)
  })
})

test('too many forged replies: somebody is guessing, the question goes over TCP', async () => {
  for (const [guesses, transport, mismatches] of [
    [9, 'udp', DNS_LIMITS.exchange.mismatches],
    [10, 'tcp', DNS_LIMITS.exchange.mismatches],
    [2, 'tcp', 2],
  ] as const) {
    const { net, server, exchange, request, events } = world({ limits: { mismatches } })
    await net.run(async () => {
      await udp(server, (query) => [
        ...Array.from({ length: guesses }, (_, i) => answer(query, { id: (query.id + i + 1) & 0xffff })),
        answer(query),
      ])
      await tcp(server, (query) => answer(query))
      assert.equal((await exchange.ask(request())).kind, 'reply')
    })
    assert.equal(events()[0]?.transport, transport)
  }
})

test('a server that folds the case of names is asked over TCP once, then without mixed case', async () => {
  const { net, server, exchange, request, events } = world()
  await net.run(async () => {
    const folded = (query: Message) =>
      answer(query, { question: [{ ...query.question[0]!, name: query.question[0]!.name.lower() }] })
    const received = await udp(server, (query) => [folded(query)])
    await tcp(server, folded)
    for (let i = 0; i < 3; i++) assert.equal((await exchange.ask(request())).kind, 'reply')
    assert.ok(!received[0]!.query.question[0]!.name.equalsExactly(QUESTION.name))
    assert.ok(received[2]!.query.question[0]!.name.equalsExactly(QUESTION.name))
  })
  assert.deepEqual(
    events().map((event) => event.transport),
    ['tcp', 'udp', 'udp'],
  )
})

test('a server that does not know EDNS is asked without, and remembered', async () => {
  for (const refusal of [RCODE.FORMERR, RCODE.NOTIMP]) {
    const { net, server, exchange, request } = world()
    await net.run(async () => {
      const received = await udp(server, (query) => [
        query.edns === null ? answer(query) : response(query, { rcode: refusal, question: [] }),
      ])
      for (let i = 0; i < 2; i++) {
        const result = await exchange.ask(request())
        assert.equal(result.kind === 'reply' && result.message.rcode, RCODE.NOERROR)
      }
      assert.deepEqual(
        received.map(({ query }) => query.edns !== null),
        [true, false, false],
      )
    })
  }
})

test('BADVERS too leads to a question without EDNS', async () => {
  const { net, server, exchange, request } = world()
  await net.run(async () => {
    await udp(server, (query) => [
      query.edns === null ? answer(query) : response(query, { rcode: RCODE.BADVERS, edns: edns() }),
    ])
    const result = await exchange.ask(request())
    assert.equal(result.kind === 'reply' && result.message.rcode, RCODE.NOERROR)
  })
})

test('a truncated reply is fetched over TCP, even octet by octet', async () => {
  const { net, server, exchange, request, events } = world()
  await net.run(async () => {
    const many = Array.from({ length: 200 }, (_, i) => ({ ...ANSWER, rdata: Uint8Array.of(192, 0, 2, i) }))
    await udp(server, (query) => [answer(query, { tc: true, answer: [] })])
    await tcp(server, (query) => answer(query, { answer: many }), 7)
    const result = await exchange.ask(request())
    assert.equal(result.kind === 'reply' && result.message.answer.length, 200)
  })
  assert.equal(events()[0]?.transport, 'tcp')
})

test('TCP that closes without a word, does not answer, or answers something else, is an error in time', async () => {
  for (const [reply, kind] of [
    [() => null, 'closed'],
    [(query: Message) => answer(query, { id: query.id ^ 1 }), 'mismatched'],
    [(query: Message) => answer(query, { question: [{ ...QUESTION, type: TYPE.MX }] }), 'mismatched'],
    // RFC 2181 §9: over TCP there is room for all of it.
    [(query: Message) => answer(query, { tc: true }), 'truncated'],
  ] as const) {
    const { net, server, exchange, request } = world()
    await net.run(async () => {
      await udp(server, (query) => [answer(query, { tc: true })])
      await tcp(server, reply)
      assert.equal(cause(await exchange.ask(request())), kind)
    })
  }
  const { net, server, exchange, request } = world({ limits: { streamTime: seconds(2) } })
  await net.run(async () => {
    await udp(server, (query) => [answer(query, { tc: true })])
    await server.listen({ address: '0.0.0.0', port: 53 }, (connection) =>
      connection.attach({ onData() {}, onEnd() {}, onDrain() {}, onClose() {} }),
    )
    const started = net.clock.now()
    assert.equal(cause(await exchange.ask(request())), 'timeout')
    assert.ok(net.clock.now() - started < 2.2 * SECOND)
    await sleep(net.clock, seconds(1))
  })
})

test('more exchanges at once than the limit fail at once', async () => {
  const { net, server, exchange, request } = world({ limits: { exchanges: 2 } })
  await net.run(async () => {
    await udp(server, () => [])
    const asks = [TYPE.A, TYPE.AAAA, TYPE.MX].map((type) => exchange.ask(request({ question: { ...QUESTION, type } })))
    assert.deepEqual((await Promise.all(asks)).map(cause), ['timeout', 'timeout', 'local'])
  })
})

test('an odd server is tried with EDNS again when it has been remembered long enough', async () => {
  const { net, server, exchange, request } = world({
    book: new ServerBook({ ...DNS_LIMITS.book, memory: seconds(10) }),
  })
  await net.run(async () => {
    const received = await udp(server, (query) => [
      query.edns === null ? answer(query) : response(query, { rcode: RCODE.FORMERR }),
    ])
    await exchange.ask(request())
    await sleep(net.clock, seconds(9))
    await exchange.ask(request())
    await sleep(net.clock, seconds(2))
    await exchange.ask(request())
    assert.deepEqual(
      received.map(({ query }) => query.edns !== null),
      [true, false, false, true, false],
    )
  })
})

test('a source port that is taken is drawn anew, so many times, then the host chooses', async () => {
  for (const [taken, tries] of [
    [2, 3],
    [99, 4],
  ] as const) {
    const { net, client, server, request } = world()
    const ports: number[] = []
    const crowded: Host = Object.create(client, {
      datagrams: {
        value: (at: IpAddress) => {
          ports.push(at.port)
          if (at.port !== 0 && ports.length <= taken) throw new SocketError('EADDRINUSE', 'bind', at)
          return client.datagrams(at)
        },
      },
      random: { value: client.random },
      clock: { value: client.clock },
      events: { value: client.events },
      name: { value: client.name },
    })
    await net.run(async () => {
      await udp(server, (query) => [answer(query)])
      assert.equal((await new HostExchange(crowded).ask(request())).kind, 'reply')
    })
    assert.equal(ports.length, tries)
    assert.equal(ports.at(-1) === 0, taken === 99)
  }
})
