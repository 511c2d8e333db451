import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  indexOfLine,
  indexOfLinePlain,
  latin1,
  latin1Bytes,
  latin1Plain,
  utf8,
  utf8Length,
  utf8LengthPlain,
  writeLatin1,
  writeLatin1Plain,
  writeUtf8,
} from './text.ts'

const octets = fc.uint8Array({ maxLength: 40 })

test('ISO-8859-1 is read and written alike by native loops and by our own, for every octet', () => {
  const all = Uint8Array.from({ length: 256 }, (_, i) => i)
  assert.equal(latin1(all), String.fromCharCode(...all))
  assert.equal(latin1Plain(all), latin1(all))
  assert.deepEqual(latin1Bytes(latin1(all)), all)
  fc.assert(
    fc.property(octets, fc.nat(40), fc.nat(40), (bytes, a, b) => {
      const [start, end] = [Math.min(a, b, bytes.length), Math.min(Math.max(a, b), bytes.length)]
      const text = latin1(bytes, start, end)
      assert.equal(latin1Plain(bytes, start, end), text)
      const [native, plain] = [new Uint8Array(60).fill(1), new Uint8Array(60).fill(1)]
      assert.equal(writeLatin1(native, a % 10, text), writeLatin1Plain(plain, a % 10, text))
      assert.deepEqual(native, plain)
    }),
  )
  const long = new Uint8Array(100_000).fill(0xe9)
  assert.equal(latin1Plain(long), latin1(long))
})

test('UTF-8 is as long as it is said to be, lone surrogates included', () => {
  const unit = fc.constantFrom('a', 'é', '€', '😀', '\ud83d', '\ude00', '\x7f', '\x80', '\u07ff', '\u0800', '\uffff')
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 12 }), (text) => {
      const bytes = utf8(text)
      assert.equal(utf8Length(text), bytes.length)
      assert.equal(utf8LengthPlain(text), bytes.length)
      const into = new Uint8Array(bytes.length + 4)
      assert.equal(writeUtf8(into, 2, text, bytes.length), bytes.length)
      assert.deepEqual(into.slice(2, -2), bytes)
    }),
  )
})

test('a line is found where it begins, by native loops and by our own', () => {
  const unit = fc.constantFrom('\r', '\n', '-', 'x')
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 30 }), fc.nat(30), (text, from) => {
      const bytes = latin1Bytes(text)
      for (const needle of ['\r\n\r\n', '\r\n--x', '\r', '\r\r\n']) {
        const at = indexOfLine(bytes, latin1Bytes(needle), from)
        assert.equal(at, text.indexOf(needle, from))
        assert.equal(indexOfLinePlain(bytes, latin1Bytes(needle), from), at)
      }
    }),
    { numRuns: 500 },
  )
})
