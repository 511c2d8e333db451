import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decode, MessageFault } from './decode.ts'
import { edns } from './edns.ts'
import { encode } from './encode.ts'
import { type Message, message, query, response } from './message.ts'
import { Name } from './name.ts'
import { parseRdata, printRecord } from './rdata/text.ts'
import { Reader } from './reader.ts'
import type { ResourceRecord } from './record.ts'
import { CLASS, OPCODE, RCODE, TYPE, type TypeName } from './types.ts'
import { Writer } from './writer.ts'

function record(name: string, type: TypeName, rdata: string, ttl = 300): ResourceRecord {
  return { name: Name.parse(name), type: TYPE[type], class: CLASS.IN, ttl, rdata: parseRdata(TYPE[type], rdata) }
}

function decoded(bytes: Uint8Array): Message {
  const result = decode(bytes)
  assert.ok(!(result instanceof MessageFault), String(result))
  return result
}

function failure(bytes: Uint8Array): MessageFault {
  const result = decode(bytes)
  assert.ok(result instanceof MessageFault)
  return result
}

const HEADER = '0001 8180 0001 0001 0000 0000'
const QUESTION = '03777777 076578616d706c65 036f7267 00 0001 0001'
const hex = (text: string) => Uint8Array.from(Buffer.from(text.replace(/\s/g, ''), 'hex'))

test('a response on the wire, by hand', () => {
  const bytes = hex(`${HEADER} ${QUESTION} c00c 0001 0001 0000012c 0004 c0000201`)
  const result = decoded(bytes)
  assert.equal(result.id, 1)
  assert.ok(result.qr && result.rd && result.ra && !result.aa && !result.tc)
  assert.deepEqual(result.answer.map(printRecord), ['www.example.org.\t300\tIN\tA\t192.0.2.1'])
  assert.deepEqual(encode(result), bytes)
})

test('names in rdata are uncompressed by decode and compressed by encode, for the types of RFC 1035 only', () => {
  const reply = response(query(Name.parse('example.org.'), TYPE.MX, { id: 7 }), {
    answer: [record('example.org.', 'MX', '10 mail.example.org.')],
    additional: [
      record('_x._tcp.example.org.', 'SRV', '1 2 3 mail.example.org.'),
      record('example.org.', 'SOA', 'ns.example.org. host.example.org. 1 2 3 4 5'),
    ],
  })
  const bytes = encode(reply)
  const text = Buffer.from(bytes).toString('latin1')
  assert.ok(text.includes('\x04mail\xc0\x0c'), 'MX target compressed')
  assert.ok(text.includes('\x04mail\x07example\x03org\x00'), 'SRV target whole')
  assert.ok(text.includes('\x02ns\xc0\x0c\x04host\xc0\x0c'), 'both names of SOA compressed')
  const again = decoded(bytes)
  assert.deepEqual(again.additional.map(printRecord), reply.additional.map(printRecord))
  const plain = encode(reply, { compress: false })
  assert.ok(plain.length > bytes.length)
  assert.deepEqual(decoded(plain), again)
})

test('compression finds suffixes whatever their case and never points past 14 bits', () => {
  const answer = Array.from({ length: 1200 }, (_, i) => record(`h${i}.sub.Example.org.`, 'A', '192.0.2.1'))
  const reply = response(query(Name.parse('example.ORG.'), TYPE.A), { answer })
  const bytes = encode(reply)
  assert.ok(bytes.length > 0x4000)
  assert.deepEqual(
    decoded(bytes).answer.map((r) => r.name.key),
    answer.map((r) => r.name.key),
  )
})

test('EDNS: size, version, flags, options and the upper bits of the response code (RFC 6891)', () => {
  const options = [{ code: 10, data: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) }]
  const reply = message({ qr: true, rcode: RCODE.BADVERS, edns: edns({ udpSize: 4096, dnssecOk: true, options }) })
  const again = decoded(encode(reply))
  assert.equal(again.rcode, RCODE.BADVERS)
  assert.deepEqual(again.edns, reply.edns)
  assert.deepEqual(again.additional, [])
})

test('truncation leaves out whole sets and sets TC when they matter (RFC 2181 §9)', () => {
  const answer = Array.from({ length: 60 }, (_, i) => record('big.example.', 'A', `192.0.2.${i}`))
  const reply = response(query(Name.parse('big.example.'), TYPE.A), { answer, edns: edns() })
  const bytes = encode(reply, { limit: 512 })
  const cut = decoded(bytes)
  assert.ok(bytes.length <= 512 && cut.tc && cut.answer.length === 0 && cut.edns !== null)

  const extras = Array.from({ length: 60 }, (_, i) => record(`m${i}.example.`, 'A', `192.0.2.${i}`))
  const optional = response(query(Name.parse('a.example.'), TYPE.A), {
    aa: true,
    answer: [record('a.example.', 'A', '192.0.2.1')],
    additional: extras,
  })
  const fewer = decoded(encode(optional, { limit: 512 }))
  assert.ok(!fewer.tc && fewer.additional.length > 10 && fewer.additional.length < 60)
  assert.throws(() => encode(reply, { limit: 20 }), { code: 'DNS_SIZE' })
})

test('a referral without the glue it needs says TC (RFC 9471 §3.1)', () => {
  const hosts = Array.from({ length: 30 }, (_, i) => `ns${i}.child.example.`)
  const referral = response(query(Name.parse('www.child.example.'), TYPE.A), {
    authority: hosts.slice(0, 10).map((host) => record('child.example.', 'NS', host)),
    additional: hosts.map((host) => record(host, 'AAAA', '2001:db8::1')),
  })
  assert.ok(decoded(encode(referral, { limit: 512 })).tc)
})

test('failures name the place and keep the header for a FORMERR', () => {
  assert.equal(failure(new Uint8Array(11)).header, null)
  const cases: [string, string, RegExp][] = [
    ['counts larger than the message', `${HEADER} ${QUESTION}`, /past the end/],
    ['trailing octets', `0001 0100 0001 0000 0000 0000 ${QUESTION} 00`, /1 octets follow/],
    ['pointer to itself', `${HEADER} ${QUESTION} c021 0001 0001 00000000 0000`, /not backward/],
    ['pointer into the header', `${HEADER} ${QUESTION} c004 0001 0001 00000000 0000`, /into the header/],
    ['pointer forward', `${HEADER} ${QUESTION} c023 0001 0001 00000000 0000`, /not backward/],
    ['pointer loop', '0001 0100 0001 0000 0000 0000 0161 c00c 0001 0001', /not backward/],
    ['label type 0x40', '0001 0100 0001 0000 0000 0000 4161 00 0001 0001', /label type 0x40/],
    ['label type 0x80', '0001 0100 0001 0000 0000 0000 8161 00 0001 0001', /label type 0x80/],
    ['pointer cut off', '0001 0100 0001 0000 0000 0000 c0', /pointer runs past/],
    ['A of 5 octets', `${HEADER} ${QUESTION} c00c 0001 0001 0000012c 0005 c000020101`, /octets follow the rdata of A/],
    ['A of 3 octets', `${HEADER} ${QUESTION} c00c 0001 0001 0000012c 0003 c00002`, /rdata of A: a field does not fit/],
    ['name past its rdata', `${HEADER} ${QUESTION} c00c 0002 0001 0000012c 0003 026e73 00`, /rdata of NS/],
    ['rdata past the message', `${HEADER} ${QUESTION} c00c 0001 0001 0000012c 0004 c000`, /past the message/],
    ['TXT without a string', `${HEADER} ${QUESTION} c00c 0010 0001 0000012c 0000`, /rdata of TXT/],
    [
      'SVCB keys out of order',
      `${HEADER} ${QUESTION} c00c 0040 0001 00000000 000f 0001 00 0003 0002 0050 0001 0002 0161`,
      /SVCB/,
    ],
    ['OPT in the answer', `${HEADER} ${QUESTION} 00 0029 04d0 00000000 0000`, /OPT record in the answer/],
    ['two OPT', `0001 0100 0000 0000 0000 0002 00 0029 04d0 00000000 0000 00 0029 04d0 00000000 0000`, /second OPT/],
    ['OPT owned by a name', `0001 0100 0000 0000 0000 0001 0161 00 0029 04d0 00000000 0000`, /owned by a\./],
    [
      'EDNS option cut off',
      `0001 0100 0000 0000 0000 0001 00 0029 04d0 00000000 0005 000a 0008 01`,
      /option 10 runs past/,
    ],
  ]
  for (const [what, bytes, why] of cases) {
    const result = failure(hex(bytes))
    assert.match(result.why, why, what)
    assert.equal(result.header?.id, 1, what)
    assert.ok(result.at <= hex(bytes).length, what)
  }
})

test('a name may be one of 255 octets after decompression, not of 256', () => {
  const label = `3f${'61'.repeat(63)}`
  const head = '0001 0100 0002 0000 0000 0000'
  // 192 octets and the root in the first question; a label of 61 before a pointer makes 255, of 62 makes 256.
  const first = `${label}${label}${label}00 0001 0001`
  const withLabel = (length: number) => hex(`${head}${first}${length.toString(16)}${'62'.repeat(length)}c00c 0001 0001`)
  assert.equal(decoded(withLabel(61)).question[1]!.name.wire.length, 255)
  assert.match(failure(withLabel(62)).why, /longer than 255/)
})

test('limits: pointer jumps, EDNS options', () => {
  const options = Array.from({ length: 65 }, (_, i) => ({ code: i, data: new Uint8Array(0) }))
  const bytes = encode(message({ edns: edns({ options }) }))
  assert.match(failure(bytes).why, /more than 64 EDNS options/)
  assert.ok(!(decode(bytes, { limits: { ednsOptions: 65 } }) instanceof MessageFault))

  // A chain: each name is nothing but a pointer to the one before. Every jump but the last needs no label.
  const rdata: number[] = [0]
  for (let i = 0; i < 200; i++) {
    const target = 12 + 11 + (i === 0 ? 0 : 1 + 2 * (i - 1))
    rdata.push(0xc0 | (target >>> 8), target & 255)
  }
  const chain = [
    0,
    1,
    1,
    0,
    0,
    0,
    0,
    2,
    0,
    0,
    0,
    0,
    0,
    0,
    10,
    0,
    1,
    0,
    0,
    0,
    0,
    rdata.length >>> 8,
    rdata.length & 255,
    ...rdata,
  ]
  const last = 12 + 11 + 1 + 2 * 199
  chain.push(0xc0 | (last >>> 8), last & 255, 0, 10, 0, 1, 0, 0, 0, 0, 0, 0)
  assert.match(failure(Uint8Array.from(chain)).why, /more than 126 compression pointers/)
  assert.ok(!(decode(Uint8Array.from(chain), { limits: { pointerJumps: 201 } }) instanceof MessageFault))
})

test('an UPDATE may have records of class ANY without rdata (RFC 2136 §2.4)', () => {
  const parts = { id: 1, opcode: OPCODE.UPDATE, question: [{ name: Name.root, type: TYPE.SOA, class: CLASS.IN }] }
  const bytes = encode(
    message({
      ...parts,
      authority: [{ ...record('a.example.', 'A', '192.0.2.1'), class: CLASS.ANY, rdata: new Uint8Array(0) }],
    }),
  )
  assert.equal(decoded(bytes).authority[0]!.rdata.length, 0)
})

test('times to live with the top bit set are zero (RFC 2181 §8)', () => {
  const bytes = hex(`${HEADER} ${QUESTION} c00c 0001 0001 80000000 0004 c0000201`)
  assert.equal(decoded(bytes).answer[0]!.ttl, 0)
})

test('what decode gives does not change when the memory it read is used again', () => {
  const bytes = encode(
    response(query(Name.parse('example.org.'), TYPE.TXT), {
      answer: [record('example.org.', 'TXT', 'hello')],
      edns: edns({ options: [{ code: 10, data: Uint8Array.of(9) }] }),
    }),
  )
  const result = decoded(bytes)
  const before = JSON.stringify([result.answer.map(printRecord), [...result.edns!.options[0]!.data]])
  bytes.fill(0xff)
  assert.equal(JSON.stringify([result.answer.map(printRecord), [...result.edns!.options[0]!.data]]), before)
})

test('limit: suffixes remembered for compression; names past them are written whole', () => {
  const answer = Array.from({ length: 20 }, (_, i) => record(`a.h${i >> 1}.`, 'A', '192.0.2.1'))
  const lengths = [0, 2, 20].map(
    (compressionTargets) => encode(message({ answer }), { limits: { compressionTargets } }).length,
  )
  assert.deepEqual(lengths, [
    encode(message({ answer }), { compress: false }).length,
    lengths[0]! - 4,
    lengths[0]! - 10 * 4,
  ])
  assert.equal(lengths[2], encode(message({ answer })).length)
})

test('writers at work at the same time do not disturb each other', () => {
  const [a, b] = [new Writer(true), new Writer(true)]
  for (const writer of [a, b]) for (let i = 0; i < 12; i += 4) writer.u32(0)
  const name = Name.parse('www.example.')
  for (let i = 0; i < 3; i++) for (const writer of [a, b]) writer.name(name)
  for (const writer of [a, b]) {
    const reader = new Reader(writer.finish(), 12)
    for (let i = 0; i < 3; i++) assert.equal(String(reader.name()), 'www.example.')
    assert.equal(reader.fault, null)
  }
})

test('nothing of a Buffer is kept: the driver may reuse its memory', () => {
  const cookie = { code: 10, data: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) }
  const bytes = Buffer.from(
    encode(query(Name.parse('a.example.'), TYPE.A, { id: 1, edns: edns({ options: [cookie] }) })),
  )
  const message = decode(bytes)
  bytes.fill(0)
  assert.ok(!(message instanceof MessageFault))
  assert.deepEqual(message.edns?.options[0], cookie)
})
