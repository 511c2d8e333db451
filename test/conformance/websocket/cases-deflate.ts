/** 12 and 13 permessage-deflate (RFC 7692): sizes, kinds of payload, parameters. */
import assert from 'node:assert/strict'
import { BINARY, type Case, CONTINUATION, section, TEXT } from './case.ts'
import type { Peer } from './peer.ts'

const SIZES = [16, 64, 256, 1_024, 4_096, 8_192, 16_384, 32_768, 65_536, 131_072]

/** Numbers that look random, the same in every run. */
function noise(size: number): Buffer {
  const octets = Buffer.alloc(size)
  let state = size + 1
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    octets[i] = state >>> 16
  }
  return octets
}

/** Payloads by what a compressor makes of them: much, some, nothing. */
const KINDS: readonly { readonly name: string; readonly opcode: number; readonly make: (size: number) => Buffer }[] = [
  {
    name: 'JSON',
    opcode: TEXT,
    make: (size) =>
      Buffer.from('{"id":17,"name":"κόσμε","tags":["a","b"]} '.repeat(Math.ceil(size / 40))).subarray(0, size & ~63),
  },
  { name: 'one octet repeated', opcode: BINARY, make: (size) => Buffer.alloc(size, 7) },
  { name: 'a text of few words', opcode: TEXT, make: (size) => Buffer.alloc(size, 'the quick brown fox jumps over ') },
  { name: 'noise', opcode: BINARY, make: noise },
  { name: 'hexadecimal', opcode: TEXT, make: (size) => Buffer.from(noise(size / 2).toString('hex')) },
]

/** Characters are not cut: what remains of one at the end is dropped. */
function wholeText(octets: Buffer): Buffer {
  return Buffer.from(octets.toString('utf8').replace(/\ufffd+$/u, ''))
}

async function converse(peer: Peer, opcode: number, payload: Buffer, count: number, fragment: number): Promise<void> {
  assert.ok(peer.agreed !== null, 'permessage-deflate was not agreed upon')
  const type = opcode === TEXT ? 'text' : 'binary'
  for (let i = 0; i < count; i++) {
    const deflated = peer.agreed.own.deflate(payload)
    const size = fragment === 0 ? deflated.length : fragment
    for (let at = 0; at < deflated.length; at += size)
      await peer.send(at === 0 ? opcode : CONTINUATION, deflated.subarray(at, at + size), {
        fin: at + size >= deflated.length,
        rsv: at === 0 ? 4 : 0,
      })
    await peer.expect(type, payload)
  }
  await peer.leave()
}

function sizes(title: string, extensions: string, kind: (typeof KINDS)[number], count: number) {
  return SIZES.flatMap((size) =>
    [0, size >= 1_024 ? 100 : -1]
      .filter((fragment) => fragment >= 0)
      .map((fragment) => ({
        title: `${title}: ${count} times ${size} octets of ${kind.name}${fragment === 0 ? '' : ` in frames of ${fragment}`}`,
        extensions,
        run: (peer: Peer) => {
          const payload = kind.make(size)
          return converse(peer, kind.opcode, kind.opcode === TEXT ? wholeText(payload) : payload, count, fragment)
        },
      })),
  )
}

const PARAMETERS = [
  '',
  '; server_no_context_takeover',
  '; client_no_context_takeover',
  '; server_no_context_takeover; client_no_context_takeover',
  '; server_max_window_bits=9; client_max_window_bits=9',
  '; server_max_window_bits=15; client_max_window_bits=12',
  '; server_max_window_bits=8; server_no_context_takeover; client_max_window_bits=10',
]

/** What breaks RFC 7692. */
const broken = section('13.8', [
  {
    title: 'RSV1 on a continuation',
    extensions: 'permessage-deflate',
    async run(peer) {
      const deflated = peer.agreed!.own.deflate(Buffer.from('Hello'))
      await peer.frames([
        [TEXT, deflated.subarray(0, 3), { fin: false, rsv: 4 }],
        [CONTINUATION, deflated.subarray(3), { rsv: 4 }],
      ])
      await peer.expectClose(1002)
    },
  },
  {
    title: 'RSV1 on a Ping',
    extensions: 'permessage-deflate',
    async run(peer) {
      await peer.send(9, 'Hello', { rsv: 4 })
      await peer.expectClose(1002)
    },
  },
  {
    title: 'octets that are no DEFLATE',
    extensions: 'permessage-deflate',
    async run(peer) {
      await peer.send(BINARY, Buffer.alloc(40, 0xff), { rsv: 4 })
      await peer.expectClose(1002, 1007)
    },
  },
  {
    title: 'a compressed text that is not UTF-8',
    extensions: 'permessage-deflate',
    async run(peer) {
      await peer.send(TEXT, peer.agreed!.own.deflate(Buffer.from('cebaedb080', 'hex')), { rsv: 4 })
      await peer.expectClose(1007)
    },
  },
  {
    title: 'a message that is not compressed beside those that are',
    extensions: 'permessage-deflate',
    async run(peer) {
      await peer.send(TEXT, 'plain')
      await peer.expect('text', 'plain')
      await peer.send(TEXT, peer.agreed!.own.deflate(Buffer.from('deflated')), { rsv: 4 })
      await peer.expect('text', 'deflated')
      await peer.leave()
    },
  },
  {
    title: 'an empty message, compressed (RFC 7692 §7.2.3.6)',
    extensions: 'permessage-deflate',
    async run(peer) {
      await peer.send(TEXT, Buffer.from([0]), { rsv: 4 })
      await peer.expect('text', '')
      await peer.leave()
    },
  },
  {
    title: 'a block with BFINAL set (RFC 7692 §7.2.3.5)',
    extensions: 'permessage-deflate',
    async run(peer) {
      await peer.send(TEXT, Buffer.from('f348cdc9c9070000', 'hex'), { rsv: 4 })
      await peer.expect('text', 'Hello')
      await peer.send(TEXT, Buffer.from('f248cdc9c90700', 'hex'), { rsv: 4 })
      await peer.expect('text', 'Hello')
      await peer.leave()
    },
  },
  {
    title: 'two blocks in one message (RFC 7692 §7.2.3.3), stored ones too (§7.2.3.3)',
    extensions: 'permessage-deflate',
    async run(peer) {
      await peer.send(TEXT, Buffer.from('f248050000 00ffff cac9c90700'.replaceAll(' ', ''), 'hex'), { rsv: 4 })
      await peer.expect('text', 'Hello')
      await peer.send(TEXT, Buffer.from('000500faff48656c6c6f00', 'hex'), { rsv: 4 })
      await peer.expect('text', 'Hello')
      await peer.leave()
    },
  },
])

/** @param count messages of each case. */
export function deflateCases(count: number): readonly Case[] {
  return [
    ...KINDS.flatMap((kind, i) => section(`12.${i + 1}`, sizes('no parameters', 'permessage-deflate', kind, count))),
    ...PARAMETERS.flatMap((parameters, i) =>
      section(
        `13.${i + 1}`,
        sizes(parameters.slice(2) || 'none', `permessage-deflate${parameters}`, KINDS[i % 3]!, count),
      ),
    ),
    ...broken,
  ]
}
