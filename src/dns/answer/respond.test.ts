import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decode, MessageFault } from '../message/decode.ts'
import { EDNS_OPTION, edns } from '../message/edns.ts'
import { encode } from '../message/encode.ts'
import { type Message, query } from '../message/message.ts'
import { Name } from '../message/name.ts'
import { parseRdata } from '../message/rdata/text.ts'
import { type Rrset, rrset } from '../message/record.ts'
import { CLASS, parseType, RCODE, TYPE, typeName } from '../message/types.ts'
import { answerOf, EDE } from './answer.ts'
import { respond, respondEmpty, responseOptions } from './respond.ts'

const name = Name.parse('www.example.')

function set(owner: string, type: string, rdata: string): Rrset {
  const number = parseType(type)!
  const signature = parseRdata(TYPE.RRSIG, `${type} 8 2 60 20300101000000 20200101000000 1 example. AAAA`)
  return { ...rrset(Name.parse(owner), number, CLASS.IN, 60, [parseRdata(number, rdata)]), signatures: [signature] }
}

const A = set('www.example.', 'A', '192.0.2.1')
const NSEC = set('a.example.', 'NSEC', 'z.example. A')
const SOA = set('example.', 'SOA', 'ns. h. 1 2 3 4 5')
const NS = set('example.', 'NS', 'ns.example.')
const GLUE = set('ns.example.', 'A', '192.0.2.2')

const types = (records: Message['answer']) => records.map(({ type }) => typeName(type)).join(' ')
const asked = (dnssecOk: boolean, type: number = TYPE.A) => query(name, type, { id: 1, edns: edns({ dnssecOk }) })

test('RFC 4035 §3.2.1: signatures and proofs are for those who ask for them, where they are at hand', () => {
  const whole = answerOf({ answer: [A], authority: [NSEC, NS], additional: [GLUE] })
  const validator = respond(asked(true), whole, responseOptions({ signed: true }))
  assert.equal(types(validator.answer), 'A RRSIG')
  assert.equal(types(validator.authority), 'NSEC RRSIG') // a wildcard's answer is not whole without its proof
  assert.equal(validator.edns?.dnssecOk, true)
  const plain = respond(asked(false), whole, responseOptions({ signed: true }))
  assert.deepEqual([types(plain.answer), types(plain.authority), plain.edns?.dnssecOk], ['A', '', false])
  // Where no signatures are asked for upstream, DO is not said to be understood.
  const unsigned = respond(asked(true), whole)
  assert.deepEqual([types(unsigned.answer), unsigned.edns?.dnssecOk], ['A', false])
})

test('minimal: no authority beside an answer, no addresses but those of name servers that were asked for', () => {
  const positive = answerOf({ answer: [A], authority: [NS], additional: [GLUE] })
  const counts = ({ answer, authority, additional }: Message) => [answer.length, authority.length, additional.length]
  assert.deepEqual(counts(respond(asked(false), positive)), [1, 0, 0])
  assert.deepEqual(counts(respond(asked(false), positive, responseOptions({ minimal: false }))), [1, 1, 1])
  const negative = answerOf({ rcode: RCODE.NXDOMAIN, authority: [SOA] })
  assert.deepEqual(counts(respond(asked(false), negative)), [0, 1, 0])
  const servers = answerOf({ answer: [NS], additional: [GLUE] })
  assert.deepEqual(counts(respond(asked(false, TYPE.NS), servers)), [1, 0, 1])
})

test('RFC 8914: why it failed, to those with EDNS, no longer than helps', () => {
  const error = { code: EDE.NO_REACHABLE_AUTHORITY, text: `no server of ${'x'.repeat(500)} answers` }
  const reply = respondEmpty(asked(false), RCODE.SERVFAIL, responseOptions(), error)
  const [option] = reply.edns!.options
  assert.deepEqual([option?.code, option?.data[1], option?.data.length], [EDNS_OPTION.EXTENDED_ERROR, 22, 162])
  assert.equal(respondEmpty(query(name, TYPE.A), RCODE.SERVFAIL, responseOptions(), error).edns, null)
  assert.deepEqual(
    respondEmpty(asked(false), RCODE.SERVFAIL, responseOptions({ explained: false }), error).edns?.options,
    [],
  )
  assert.ok(!(decode(encode(reply)) instanceof MessageFault))
})
