import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DNS_LIMITS } from '../../limits.ts'
import { Name } from '../../message/name.ts'
import { CLASS, TYPE, typeName } from '../../message/types.ts'
import { deeper, type Minimisation, minimisation, minimised, unminimised } from './minimise.ts'

const limits = DNS_LIMITS.resolver

/** The questions asked when no name on the way is a zone cut. */
function questions(name: string, type: number, state: Minimisation = minimisation(true)): string[] {
  const whole = { name: Name.parse(name), type, class: CLASS.IN }
  const asked: string[] = []
  for (let i = 0; i < 50; i++) {
    const question = minimised(state, whole, Name.root, limits)
    asked.push(`${question.name} ${typeName(question.type)}`)
    if (question === whole) return asked
    state = deeper(state, question)
  }
  throw new Error('never the whole question')
}

test('one label more at a time, the type only at the end', () => {
  assert.deepEqual(questions('www.example.org.', TYPE.A), ['org. A', 'example.org. A', 'www.example.org. A'])
  assert.deepEqual(questions('example.org.', TYPE.MX), ['org. A', 'example.org. A', 'example.org. MX'])
})

test('RFC 9156 §2.3: a name of many labels takes ten questions, not a hundred', () => {
  const asked = questions(`${'a.'.repeat(120)}org.`, TYPE.A)
  assert.ok(asked.length <= limits.minimisedQueries + 1, `${asked.length} questions`)
  assert.deepEqual(asked.slice(0, 4), ['org. A', 'a.org. A', 'a.a.org. A', 'a.a.a.org. A'])
})

test('switched off, and for DS, the whole name is asked for at once', () => {
  assert.deepEqual(questions('www.example.org.', TYPE.A, minimisation(false)), ['www.example.org. A'])
  assert.deepEqual(questions('www.example.org.', TYPE.A, unminimised(minimisation(true))), ['www.example.org. A'])
  assert.deepEqual(questions('example.org.', TYPE.DS), ['example.org. DS'])
})

test('below a known zone it starts there', () => {
  const whole = { name: Name.parse('a.b.example.org.'), type: TYPE.A, class: CLASS.IN }
  const question = minimised(minimisation(true), whole, Name.parse('example.org.'), limits)
  assert.equal(question.name.toString(), 'b.example.org.')
})
