import assert from 'node:assert/strict'
import test from 'node:test'
import { parseDrop } from './drop.ts'

test('packets are named by their kind, and which of them', () => {
  for (const [text, which] of [
    ['SYN', 1],
    ['first SYN', 1],
    ['2nd data', 2],
    ['third acks', 3],
    ['every fin', 0],
    ['5', 5],
    ['12 syn-ack', 12],
    ['packet', 1],
  ] as const)
    assert.equal(parseDrop(text).which, which, text)
})

test('words that name no packet are refused with the words that do', () => {
  for (const text of ['', 'sny', '0', 'first second data', 'every', '-1 data', '1.5 data', 'every 5', 'constructor'])
    assert.throws(() => parseDrop(text), /names no packet: write one of packet, query, answer, syn/, text)
})
