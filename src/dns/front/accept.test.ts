import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decode, MessageFault } from '../message/decode.ts'
import { edns } from '../message/edns.ts'
import { encode } from '../message/encode.ts'
import { type Message, message, query, response } from '../message/message.ts'
import { Name } from '../message/name.ts'
import { parseRdata } from '../message/rdata/text.ts'
import { CLASS, RCODE, TYPE } from '../message/types.ts'
import { accept, finish } from './accept.ts'

const name = Name.parse('www.example.')
const asked = query(name, TYPE.A, { id: 99, rd: true })

function replyTo(bytes: Uint8Array): Message {
  const accepted = accept(bytes)
  assert.ok(accepted !== null && 'reply' in accepted)
  return decoded(accepted.reply)
}

function decoded(bytes: Uint8Array): Message {
  const result = decode(bytes)
  assert.ok(!(result instanceof MessageFault))
  return result
}

test('a query is taken; a response and what is too short are never answered (CVE-2004-0789)', () => {
  const accepted = accept(encode(asked))
  assert.ok(accepted !== null && 'query' in accepted)
  assert.equal(accept(encode(response(asked))), null)
  assert.equal(accept(new Uint8Array(11)), null)
  assert.equal(accept(new Uint8Array(0)), null)
})

test('what cannot be read is FORMERR with the ID, an unknown opcode NOTIMP', () => {
  const bytes = encode(asked)
  const cut = replyTo(bytes.subarray(0, bytes.length - 1))
  assert.deepEqual([cut.rcode, cut.id, cut.rd, cut.question.length], [RCODE.FORMERR, 99, true, 0])
  assert.equal(replyTo(encode({ ...asked, opcode: 7 })).rcode, RCODE.NOTIMP)
  assert.equal(replyTo(encode({ ...asked, opcode: 7 })).opcode, 7)
})

test('an update without its zone is FORMERR too: whoever reads a query finds one question in it', () => {
  const update = { opcode: 5, authority: [], additional: [] }
  assert.equal(replyTo(encode(message({ ...update, id: 3 }))).rcode, RCODE.FORMERR)
  assert.equal(replyTo(encode({ ...asked, ...update, question: [...asked.question, ...asked.question] })).rcode, 1)
  const accepted = accept(encode({ ...asked, ...update }))
  assert.ok(accepted !== null && 'query' in accepted)
})

test('limit: one question, and no more of the rest than a query can have, before anything is decoded', () => {
  assert.equal(replyTo(encode(message({ id: 1 }))).rcode, RCODE.FORMERR)
  assert.equal(replyTo(encode({ ...asked, question: [...asked.question, ...asked.question] })).rcode, RCODE.FORMERR)
  const record = { name, type: TYPE.A, class: CLASS.IN, ttl: 1, rdata: parseRdata(TYPE.A, '192.0.2.1') }
  for (const part of [
    { answer: [record, record] },
    { authority: [record, record] },
    { additional: [record, record, record] },
  ])
    assert.equal(replyTo(encode({ ...asked, ...part })).rcode, RCODE.FORMERR)
  const counts = encode(asked)
  counts.set([0xff, 0xff], 6)
  assert.equal(replyTo(counts).rcode, RCODE.FORMERR)
})

test('the reply’s size: 512 octets without EDNS, what the client takes up to 1232 with it, all of it over TCP', () => {
  const answer = Array.from({ length: 120 }, (_, i) => ({
    name: Name.parse(`h${i}.example.`),
    type: TYPE.A,
    class: CLASS.IN,
    ttl: 1,
    rdata: Uint8Array.of(10, 0, 0, i),
  }))
  const sizes = (parts: Partial<Message>, transport: 'udp' | 'tcp' = 'udp') => {
    const sent = { ...asked, ...parts }
    const bytes = finish(sent, response(sent, { answer }), transport)
    return [bytes.length, decoded(bytes).tc] as const
  }
  for (const [parts, limit] of [
    [{}, 512],
    [{ edns: edns({ udpSize: 100 }) }, 512],
    [{ edns: edns({ udpSize: 800 }) }, 800],
    [{ edns: edns({ udpSize: 65535 }) }, 1232],
  ] as const) {
    const [size, tc] = sizes(parts)
    assert.ok(size <= limit && size > limit - 30 && tc, `${size} of ${limit}`)
  }
  assert.deepEqual(sizes({}, 'tcp')[1], false)
})

test('an OPT record answers an OPT record and nothing else (RFC 6891 §6.1.1)', () => {
  const plain = decoded(finish(asked, response(asked, { rcode: RCODE.BADVERS, edns: edns() }), 'udp'))
  assert.deepEqual([plain.edns, plain.rcode], [null, RCODE.SERVFAIL], 'BADVERS cannot be said without it')
  const withEdns = { ...asked, edns: edns() }
  assert.notEqual(decoded(finish(withEdns, response(withEdns), 'udp')).edns, null)
})
