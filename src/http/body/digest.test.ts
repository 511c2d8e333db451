import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { Fault } from '../../base/fault.ts'
import { Sha256 } from '../../base/sha256.ts'
import { BodyError } from '../errors.ts'
import { checkedBody, formatDigest, parseDigest } from './digest.ts'
import { messageBody } from './from-stream.ts'

const TEXT = 'The network for TypeScript. '.repeat(5_000)

test('pieces of any length hash as the platform hashes the whole', () => {
  const bytes = Buffer.from(TEXT)
  for (const piece of [1, 7, 63, 64, 65, 1000, bytes.length]) {
    const part = bytes.subarray(0, Math.min(bytes.length, piece * 300))
    const hash = new Sha256()
    for (let at = 0; at < part.length; at += piece) hash.update(part.subarray(at, at + piece))
    const expected = createHash('sha256').update(part).digest()
    assert.deepEqual(Buffer.from(hash.digest()), expected, `pieces of ${piece}`)
    assert.deepEqual(Buffer.from(hash.digest()), expected, 'asked twice')
  }
  assert.deepEqual(Buffer.from(new Sha256().digest()), createHash('sha256').digest())
})

test('the field as RFC 9530 writes it', () => {
  const field = formatDigest(Buffer.from('{"hello": "world"}\n'))
  assert.equal(field, 'sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:')
  assert.deepEqual(parseDigest(`sha-512=:AAAA:, ${field}`), parseDigest(field))
  assert.equal(parseDigest('sha-512=:AAAA:'), null)
  assert.equal(parseDigest(''), null)
  for (const bad of ['sha-256=:AAAA:', 'sha-256=abc', 'sha-256', 'sha-256=(:AA==:)', 'sha-256=:AAAA'])
    assert.ok(parseDigest(bad) instanceof Fault, bad)
})

test('a body is handed on as it comes, and fails at its end where it is another', async () => {
  const digest = parseDigest(formatDigest(Buffer.from(TEXT))) as Uint8Array
  assert.equal(await checkedBody(messageBody(TEXT), digest).text(), TEXT)
  const pieces = () =>
    new ReadableStream<Uint8Array>({
      start(controller) {
        for (let at = 0; at < TEXT.length; at += 999) controller.enqueue(Buffer.from(TEXT.slice(at, at + 999)))
        controller.close()
      },
    })
  assert.equal(await checkedBody(messageBody(pieces()), digest).text(), TEXT)
  for (const other of [`${TEXT}.`, TEXT.slice(1), TEXT.replace('network', 'Network'), ''])
    await assert.rejects(
      checkedBody(messageBody(other), digest).bytes(),
      (error) => error instanceof BodyError && error.status === 400,
    )
  checkedBody(messageBody(pieces()), digest).discard()
})
