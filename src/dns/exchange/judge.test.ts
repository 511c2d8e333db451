import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SeededRandom } from '../../base/random.ts'
import { encode } from '../message/encode.ts'
import { type Message, query, response } from '../message/message.ts'
import { Name } from '../message/name.ts'
import { OPCODE, RCODE, TYPE } from '../message/types.ts'
import { mixedCase } from './case.ts'
import { judge } from './judge.ts'

const NAME = Name.parse('www.example.org.')
const MIXED = mixedCase(NAME, new SeededRandom('case'))
const SENT = query(MIXED, TYPE.A, { id: 4711 })

function verdict(parts: Partial<Message>): string {
  return judge(encode(response(SENT, parts)), SENT, NAME).kind
}

test('the reply is the one with the ID, the bit, the opcode and exactly the question', () => {
  assert.notDeepEqual(MIXED.wire, NAME.wire)
  assert.equal(verdict({}), 'reply')
  assert.equal(verdict({ id: 4712 }), 'foreign')
  assert.equal(verdict({ qr: false }), 'foreign')
  assert.equal(verdict({ opcode: OPCODE.NOTIFY }), 'foreign')
  const [question] = SENT.question
  assert.equal(verdict({ question: [{ ...question!, type: TYPE.AAAA }] }), 'foreign')
  assert.equal(verdict({ question: [{ ...question!, class: 3 }] }), 'foreign')
  assert.equal(verdict({ question: [{ ...question!, name: Name.parse('www.example.com.') }] }), 'foreign')
  assert.equal(verdict({ question: [question!, question!] }), 'foreign')
  assert.equal(verdict({ question: [{ ...question!, name: NAME }] }), 'caseless')
})

test('a Buffer, whose slice() copies nothing, is judged as any octets are, and left as it was', () => {
  const bytes = Buffer.from(encode(response(SENT)))
  const before = Uint8Array.from(bytes)
  assert.equal(judge(bytes, SENT, NAME).kind, 'reply')
  assert.deepEqual(Uint8Array.from(bytes), before)
})

test('without a question only a refusal is a reply', () => {
  assert.equal(verdict({ question: [] }), 'foreign')
  assert.equal(verdict({ question: [], rcode: RCODE.NXDOMAIN }), 'foreign')
  assert.equal(verdict({ question: [], rcode: RCODE.FORMERR }), 'reply')
  assert.equal(verdict({ question: [], rcode: RCODE.REFUSED }), 'reply')
})

test('names in the reply come up in the case that was meant, not the one that was sent', () => {
  const record = { name: MIXED, type: TYPE.CNAME, class: 1, ttl: 1, rdata: Name.of([...MIXED.labels.slice(1)]).wire }
  const judged = judge(encode(response(SENT, { answer: [record] })), SENT, NAME)
  assert.equal(judged.kind, 'reply')
  const [answer] = judged.kind === 'reply' ? judged.message.answer : []
  assert.equal(answer?.name.toString(), 'www.example.org.')
  assert.equal(new Name(answer!.rdata).toString(), 'example.org.')
})

test('nonsense with the right ID does not end the wait', () => {
  const good = encode(response(SENT, {}))
  assert.equal(judge(good.subarray(0, good.length - 1), SENT, NAME).kind, 'foreign')
  assert.equal(judge(new Uint8Array(0), SENT, NAME).kind, 'foreign')
})

test('octets after the last record are passed over, and so is a broken additional section', () => {
  const good = encode(response(SENT, {}))
  assert.equal(judge(Uint8Array.of(...good, 0), SENT, NAME).kind, 'reply')
  const record = { name: NAME, type: TYPE.A, class: 1, ttl: 1, rdata: Uint8Array.of(192, 0, 2, 1) }
  const whole = encode(response(SENT, { answer: [record], additional: [record] }))
  const judged = judge(whole.subarray(0, whole.length - 1), SENT, NAME)
  assert.ok(judged.kind === 'reply' && judged.message.answer.length === 1 && judged.message.additional.length === 0)
  const broken = encode(response(SENT, { answer: [record] }))
  assert.equal(judge(broken.subarray(0, broken.length - 1), SENT, NAME).kind, 'malformed')
})

test('any bytes get a verdict', () => {
  const good = encode(response(SENT, {}))
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 80 }),
    fc
      .tuple(fc.nat(good.length - 1), fc.nat(255))
      .map(([at, value]) => good.map((octet, i) => (i === at ? value : octet))),
  )
  fc.assert(
    fc.property(bytes, (any) => ['reply', 'caseless', 'malformed', 'foreign'].includes(judge(any, SENT, NAME).kind)),
  )
})

test('mixed case changes letters only, and uses all of them', () => {
  const random = new SeededRandom('0x20')
  const name = Name.parse('a1-b.Z\\200.example.')
  const seen = new Set<string>()
  for (let i = 0; i < 200; i++) {
    const mixed = mixedCase(name, random)
    assert.ok(mixed.equals(name))
    seen.add(mixed.toString())
  }
  assert.ok(seen.size > 150, `${seen.size} of 200 differ`)
})
