/** 1 framing, 2 Ping and Pong, 3 reserved bits, 4 reserved opcodes, 5 fragmentation, 10 frames that a sender cuts. */
import { BINARY, type Case, CONTINUATION, PING, PONG, section, TEXT } from './case.ts'
import type { Peer } from './peer.ts'

const SIZES: readonly [number, number][] = [
  [0, 0],
  [125, 0],
  [126, 0],
  [127, 0],
  [128, 0],
  [65_535, 0],
  [65_536, 0],
  [65_536, 997],
]

function echo(opcode: number, size: number, chop: number) {
  const payload = Buffer.alloc(size, opcode === TEXT ? '*' : 0xfe)
  const type = opcode === TEXT ? 'text' : 'binary'
  return {
    title: `${type} of ${size} octets${chop === 0 ? '' : `, ${chop} at a time`} comes back`,
    async run(peer: Peer) {
      await peer.send(opcode, payload, { chop })
      await peer.expect(type, payload)
      await peer.leave()
    },
  }
}

/** Ping with this payload is answered by it. */
function pinged(title: string, payload: Uint8Array | string, chop = 0) {
  return {
    title,
    async run(peer: Peer) {
      await peer.send(PING, payload, { chop })
      await peer.expect('pong', payload)
      await peer.leave()
    },
  }
}

/** What is sent breaks the protocol: 1002, and nothing else but what came before. */
function broken(title: string, say: (peer: Peer) => Promise<void>, before: readonly string[] = []) {
  return {
    title,
    async run(peer: Peer) {
      await say(peer)
      for (const text of before) await peer.expect('text', text)
      await peer.expectClose(1002)
    },
  }
}

const many = Array.from({ length: 10 }, (_, i) => [PING, `payload-${i}`] as const)

async function tenPongs(peer: Peer): Promise<void> {
  for (const [, payload] of many) await peer.expect('pong', payload)
  await peer.leave()
}

const pings = section('2', [
  pinged('an empty Ping', ''),
  pinged('a Ping with text', 'Hello, world!'),
  pinged('a Ping with octets that are no text', Buffer.from([0x00, 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0x00, 0xff])),
  pinged('a Ping of 125 octets', Buffer.alloc(125, 0xfe)),
  broken('a Ping of 126 octets', (peer) => peer.send(PING, Buffer.alloc(126, 0xfe))),
  pinged('a Ping of 125 octets, one at a time', Buffer.alloc(125, 0xfe), 1),
  {
    title: 'a Pong that nobody asked for is let pass',
    async run(peer) {
      await peer.send(PONG, '')
      await peer.leave()
    },
  },
  {
    title: 'a Pong with a payload that nobody asked for is let pass',
    async run(peer) {
      await peer.send(PONG, 'unsolicited')
      await peer.leave()
    },
  },
  {
    title: 'a Pong, and then a Ping, which is answered',
    async run(peer) {
      await peer.frames([
        [PONG, 'unsolicited'],
        [PING, 'ask'],
      ])
      await peer.expect('pong', 'ask')
      await peer.leave()
    },
  },
  {
    title: 'ten Pings are answered in order',
    async run(peer) {
      await peer.frames(many)
      await tenPongs(peer)
    },
  },
  {
    title: 'ten Pings, octet by octet',
    async run(peer) {
      for (const [opcode, payload] of many) await peer.send(opcode, payload, { chop: 1 })
      await tenPongs(peer)
    },
  },
])

const reserved = section('3', [
  broken('RSV 1 on a short text', (peer) => peer.send(TEXT, 'Hello', { rsv: 1 })),
  broken(
    'RSV 2 after a good text',
    (peer) =>
      peer.frames([
        [TEXT, 'Hello'],
        [TEXT, 'Hello', { rsv: 2 }],
        [PING, ''],
      ]),
    ['Hello'],
  ),
  broken(
    'RSV 3 in the same write as a good text',
    (peer) =>
      peer.frames([
        [TEXT, 'Hello'],
        [TEXT, 'Hello', { rsv: 3 }],
      ]),
    ['Hello'],
  ),
  broken('RSV 4 without an extension, octet by octet', (peer) => peer.send(TEXT, 'Hello', { rsv: 4, chop: 1 })),
  broken('RSV 5 on binary', (peer) => peer.send(BINARY, Buffer.alloc(8, 0xff), { rsv: 5 })),
  broken('RSV 6 on a Ping', (peer) => peer.send(PING, 'Hello', { rsv: 6 })),
  broken('RSV 7 on a Close', (peer) => peer.send(8, '', { rsv: 7 })),
])

const opcodes = section(
  '4',
  [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode, i) =>
    broken(
      `the reserved opcode ${opcode}`,
      (peer) =>
        i % 2 === 0
          ? peer.send(opcode, '')
          : peer.frames([
              [TEXT, 'Hello'],
              [opcode, 'payload'],
              [PING, ''],
            ]),
      i % 2 === 0 ? [] : ['Hello'],
    ),
  ),
)

/** A text of two fragments, with something between. */
function around(title: string, between: readonly (readonly [number, string])[], chop: number, at: 'whole' | 'apart') {
  return {
    title,
    async run(peer: Peer) {
      const list = [[TEXT, 'fragment1', { fin: false }], ...between, [CONTINUATION, 'fragment2']] as const
      if (at === 'whole') await peer.frames(list)
      else for (const [opcode, payload, how] of list) await peer.send(opcode, payload, { ...how, chop })
      for (const [opcode, payload] of between) if (opcode === PING) await peer.expect('pong', payload)
      await peer.expect('text', 'fragment1fragment2')
      await peer.leave()
    },
  }
}

const cut = { fin: false }
const fragments = section('5', [
  broken('a Ping in two fragments', (peer) =>
    peer.frames([
      [PING, 'one', cut],
      [CONTINUATION, 'two'],
    ]),
  ),
  broken('a Pong in two fragments', (peer) =>
    peer.frames([
      [PONG, 'one', cut],
      [CONTINUATION, 'two'],
    ]),
  ),
  around('a text in two fragments', [], 0, 'apart'),
  around('a text in two fragments, in one write', [], 0, 'whole'),
  around('a text in two fragments, octet by octet', [], 1, 'apart'),
  around('a Ping between two fragments', [[PING, 'ping!']], 0, 'apart'),
  around('a Ping between two fragments, in one write', [[PING, 'ping!']], 0, 'whole'),
  around('a Ping between two fragments, octet by octet', [[PING, 'ping!']], 1, 'apart'),
  broken('a continuation of nothing', (peer) =>
    peer.frames([
      [CONTINUATION, 'non-continuation'],
      [TEXT, 'Hello'],
    ]),
  ),
  broken('a continuation of nothing, then a text apart', async (peer) => {
    await peer.send(CONTINUATION, 'non-continuation')
    await peer.send(TEXT, 'Hello')
  }),
  broken('a continuation of nothing, octet by octet', (peer) =>
    peer.send(CONTINUATION, 'non-continuation', { chop: 1 }),
  ),
  broken('an unfinished continuation of nothing', (peer) =>
    peer.frames([
      [CONTINUATION, 'x', cut],
      [TEXT, 'Hello'],
    ]),
  ),
  broken('an unfinished continuation of nothing, apart', (peer) => peer.send(CONTINUATION, 'x', cut)),
  broken('an unfinished continuation of nothing, octet by octet', (peer) =>
    peer.send(CONTINUATION, 'x', { fin: false, chop: 1 }),
  ),
  broken(
    'a message, and a continuation after its end',
    (peer) =>
      peer.frames([
        [TEXT, 'fragment1', cut],
        [CONTINUATION, 'fragment2'],
        [CONTINUATION, 'fragment3', cut],
        [TEXT, 'x'],
      ]),
    ['fragment1fragment2'],
  ),
  broken('continuations of nothing before each of two messages', (peer) =>
    peer.frames([
      [CONTINUATION, 'f1', cut],
      [TEXT, 'f2', cut],
      [CONTINUATION, 'f3'],
    ]),
  ),
  broken('whole continuations of nothing before each of two messages', (peer) =>
    peer.frames([
      [CONTINUATION, 'f1'],
      [TEXT, 'f2', cut],
      [CONTINUATION, 'f3'],
    ]),
  ),
  broken('a text within a text', (peer) =>
    peer.frames([
      [TEXT, 'fragment1', cut],
      [TEXT, 'fragment2'],
    ]),
  ),
  {
    title: 'five fragments with Pings between them, apart',
    async run(peer) {
      await peer.send(TEXT, 'fragment1', cut)
      await peer.send(CONTINUATION, 'fragment2', cut)
      await peer.send(PING, 'pongme 1!')
      await peer.expect('pong', 'pongme 1!')
      await peer.send(CONTINUATION, 'fragment3', cut)
      await peer.send(CONTINUATION, 'fragment4', cut)
      await peer.send(PING, 'pongme 2!')
      await peer.expect('pong', 'pongme 2!')
      await peer.send(CONTINUATION, 'fragment5')
      await peer.expect('text', 'fragment1fragment2fragment3fragment4fragment5')
      await peer.leave()
    },
  },
  around(
    'five Pings between two fragments',
    Array.from({ length: 5 }, (_, i) => [PING, `pongme ${i}`] as const),
    0,
    'whole',
  ),
])

export const framingCases: readonly Case[] = [
  ...section(
    '1.1',
    SIZES.map(([size, chop]) => echo(TEXT, size, chop)),
  ),
  ...section(
    '1.2',
    SIZES.map(([size, chop]) => echo(BINARY, size, chop)),
  ),
  ...pings,
  ...reserved,
  ...opcodes,
  ...fragments,
  ...section('10', [
    {
      title: 'a text of 65,536 octets in frames of 1,300',
      async run(peer) {
        const payload = Buffer.alloc(65_536, '*')
        for (let at = 0; at < payload.length; at += 1_300) {
          const fin = at + 1_300 >= payload.length
          await peer.send(at === 0 ? TEXT : CONTINUATION, payload.subarray(at, at + 1_300), { fin })
        }
        await peer.expect('text', payload)
        await peer.leave()
      },
    },
  ]),
]
