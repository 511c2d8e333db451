import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { answerOf, EDE } from '../../../src/dns/answer/answer.ts'
import { respond } from '../../../src/dns/answer/respond.ts'
import { accept } from '../../../src/dns/front/accept.ts'
import { answerOctets } from '../../../src/dns/front/octets.ts'
import type { Responder } from '../../../src/dns/front/responder.ts'
import { decode, MessageFault } from '../../../src/dns/message/decode.ts'
import { edns } from '../../../src/dns/message/edns.ts'
import { encode } from '../../../src/dns/message/encode.ts'
import type { Message } from '../../../src/dns/message/message.ts'
import { MAX_NAME, Name } from '../../../src/dns/message/name.ts'
import { parseRdata, printRdata } from '../../../src/dns/message/rdata/text.ts'
import type { ResourceRecord } from '../../../src/dns/message/record.ts'
import { corpus } from '../corpus.ts'

/** Few labels, so that suffixes are shared and compression has work. */
const label = fc.oneof(
  fc.constantFrom('a', 'B', 'example', 'EXAMPLE', 'org', 'x'.repeat(63)).map((text) => Buffer.from(text)),
  fc.uint8Array({ minLength: 1, maxLength: 4 }),
)
const name = fc
  .array(label, { maxLength: 6 })
  .filter((labels) => labels.reduce((sum, each) => sum + each.length + 1, 1) <= MAX_NAME)
  .map((labels) => Name.of(labels))

const mx = fc
  .tuple(fc.nat(65535), name)
  .map(([preference, host]) => ({ type: 15, rdata: [preference >>> 8, preference & 255, ...host.wire] }))
const soa = fc.tuple(name, name).map(([a, b]) => ({ type: 6, rdata: [...a.wire, ...b.wire, ...new Uint8Array(20)] }))
const opaque = fc.uint8Array({ maxLength: 40 }).map((octets) => ({ type: 65000, rdata: [...octets] }))
const record: fc.Arbitrary<ResourceRecord> = fc
  .record({ name, data: fc.oneof(mx, soa, opaque), ttl: fc.nat(0x7fffffff) })
  .map(({ name: owner, data, ttl }) => ({
    name: owner,
    type: data.type,
    class: 1,
    ttl,
    rdata: Uint8Array.from(data.rdata),
  }))

const flag = fc.boolean()
const message: fc.Arbitrary<Message> = fc.record({
  id: fc.nat(65535),
  opcode: fc.nat(15),
  qr: flag,
  aa: flag,
  tc: flag,
  rd: flag,
  ra: flag,
  z: flag,
  ad: flag,
  cd: flag,
  rcode: fc.nat(15),
  question: fc.array(fc.record({ name, type: fc.nat(65535), class: fc.nat(65535) }), { maxLength: 2 }),
  answer: fc.array(record, { maxLength: 8 }),
  authority: fc.array(record, { maxLength: 4 }),
  additional: fc.array(record, { maxLength: 4 }),
  edns: fc.option(fc.record({ udpSize: fc.nat(65535), dnssecOk: flag, flags: fc.nat(0x7fff) }).map(edns)),
})

/** With the case of letters folded: a compressed name takes the case of the one it points to. */
function folded(value: Message): string {
  return JSON.stringify(
    Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)),
    (_key, part) => {
      if (part instanceof Name) return part.key
      if (part instanceof Uint8Array) return Buffer.from(part).toString('latin1').toLowerCase()
      return part
    },
  )
}

test('what is encoded decodes to the same, compressed or not, and encodes to the same again', () => {
  fc.assert(
    fc.property(message, (sent) => {
      for (const compress of [true, false]) {
        const bytes = encode(sent, { compress })
        const received = decode(bytes)
        assert.ok(!(received instanceof MessageFault), String(received))
        assert.equal(folded(received), folded(sent))
        assert.deepEqual(encode(received, { compress }), bytes)
      }
    }),
    { numRuns: 400 },
  )
})

test('with a limit the message fits, decodes, and lacks only what the limit forbids', () => {
  fc.assert(
    fc.property(message, fc.integer({ min: 0, max: 400 }), (sent, room) => {
      const limit = encode({ ...sent, answer: [], authority: [], additional: [] }).length + room
      const bytes = encode(sent, { limit })
      assert.ok(bytes.length <= limit)
      const received = decode(bytes)
      assert.ok(!(received instanceof MessageFault), String(received))
      if (encode(sent).length <= limit) assert.deepEqual(bytes, encode(sent))
      if (received.answer.length < sent.answer.length) assert.ok(received.tc)
    }),
    { numRuns: 300 },
  )
})

/** One octet changed, a piece cut off, a piece repeated: near-valid messages reach deeper than noise. */
const mutated = fc
  .tuple(message, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }), fc.option(fc.nat()))
  .map(([sent, changes, cut]) => {
    const bytes = encode(sent)
    for (const [at, value] of changes) bytes[at % bytes.length] = value
    return cut === null ? bytes : bytes.subarray(0, cut % (bytes.length + 1))
  })

test('any octets give a message or a failure with a place; a message can be encoded and printed', () => {
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), mutated), (bytes) => {
      const result = decode(bytes)
      accept(bytes)
      if (result instanceof MessageFault) {
        assert.ok(result.at >= 0 && result.at <= bytes.length)
        return
      }
      const again = decode(encode(result))
      assert.ok(!(again instanceof MessageFault), String(again))
      assert.equal(folded(again), folded(result))
      for (const { type, rdata } of [...result.answer, ...result.authority, ...result.additional])
        printRdata(type, rdata)
    }),
    { numRuns: 3000, ...corpus<[Uint8Array]>('dns-messages') },
  )
})

test('what is read of a broken message is a message: with tolerance, and the sections before a fault', () => {
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), mutated), (bytes) => {
      const strict = decode(bytes)
      const tolerant = decode(bytes, { tolerant: true })
      if (!(strict instanceof MessageFault)) assert.equal(folded(tolerant as Message), folded(strict))
      for (const read of [strict, tolerant]) {
        const part = read instanceof MessageFault ? read.readable : read
        if (part === null) continue
        const again = decode(encode(part))
        assert.ok(!(again instanceof MessageFault), String(again))
        assert.equal(folded(again), folded(part))
      }
    }),
    { numRuns: 3000, ...corpus<[Uint8Array]>('dns-messages') },
  )
})

test('any octets to a server: silence or a reply to them, at once, and a responder sees one question only', () => {
  const client = { address: { address: '192.0.2.1', port: 1 }, transport: 'udp' } as const
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), mutated), (bytes) => {
      const responder: Responder = (query) => {
        assert.equal(query.question.length, 1)
        return respond(query, answerOf({ error: { code: EDE.OTHER, text: 'why' } }))
      }
      const reply = answerOctets(responder, bytes, client)
      if (reply === null) return
      assert.ok(reply instanceof Uint8Array && reply.length <= 1232)
      assert.deepEqual([reply[0], reply[1], reply[2]! >>> 7], [bytes[0], bytes[1], 1])
      assert.ok(!(decode(reply) instanceof MessageFault))
    }),
    { numRuns: 3000, ...corpus<[Uint8Array]>('dns-messages') },
  )
})

test('rdata of every known type: what decodes prints, and what is printed parses to the same octets', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.nat(110), fc.constantFrom(249, 250, 256, 257, 32769)),
      fc.uint8Array({ maxLength: 80 }),
      (type, rdata) => {
        const text = printRdata(type, rdata)
        if (text.startsWith('\\#')) return
        assert.deepEqual(Buffer.from(parseRdata(type, text)), Buffer.from(rdata), text)
      },
    ),
    { numRuns: 20_000 },
  )
})
