import assert from 'node:assert/strict'
import { test } from 'node:test'
import { charsetOf, parseMediaType } from '../fields/media-type.ts'
import { HTTP_LIMITS } from '../limits.ts'
import { charsetNamed, decode, decodeField, decodeStrict, encode, encodeField } from './charset.ts'

const all = Uint8Array.from({ length: 256 }, (_, i) => i)

test('ISO-8859-1 is the real one: every byte is the character of its number, both ways', () => {
  const text = decode(all, 'iso-8859-1')
  for (let i = 0; i < 256; i++) assert.equal(text.charCodeAt(i), i)
  assert.deepEqual(encode(text, 'iso-8859-1'), all)
})

test('US-ASCII and UTF-8 replace what they lack, strictly refuse it', () => {
  assert.equal(decode(Uint8Array.of(65, 200), 'us-ascii'), 'A\ufffd')
  assert.equal(decode(Uint8Array.of(65, 200), 'utf-8'), 'A\ufffd')
  assert.equal(decodeStrict(Uint8Array.of(200), 'us-ascii'), null)
  assert.equal(decodeStrict(Uint8Array.of(200), 'utf-8'), null)
  assert.equal(decodeStrict(Uint8Array.of(200), 'iso-8859-1'), 'È')
  assert.throws(() => encode('é', 'us-ascii'), /U\+00E9 at index 0 is not in us-ascii/)
})

test('names and aliases', () => {
  assert.equal(charsetNamed(' Latin1 '), 'iso-8859-1')
  assert.equal(charsetNamed('UTF8'), 'utf-8')
  assert.equal(charsetNamed('windows-1252'), undefined)
})

test('field values in UTF-8', () => {
  assert.equal(encodeField('€'), 'â\u0082¬')
  assert.equal(decodeField(encodeField('€'), 'utf-8'), '€')
  assert.equal(decodeField('\xff', 'utf-8'), null)
})

test('media types', () => {
  const of = (text: string) => {
    const media = parseMediaType(text)
    return media && [media.type, ...media.parameters]
  }
  assert.deepEqual(of('Text/HTML'), ['text/html'])
  assert.deepEqual(of(' text/html ; Charset="utf-8" ; x=y; '), ['text/html', ['charset', 'utf-8'], ['x', 'y']])
  assert.deepEqual(of('a/b;c="d\\"; e"'), ['a/b', ['c', 'd"; e']])
  for (const bad of [
    '',
    'text',
    'text/',
    '/x',
    'a/b c',
    'a/b; c',
    'a/b; c=',
    'a/b; c="d',
    'a/b; c=d e',
    'a/b; c=1; C=2',
    'a/b,c/d',
    'a/b; c="\r\n"',
  ])
    assert.equal(of(bad), null, bad)
  const many = Array.from({ length: HTTP_LIMITS.parameterCount + 1 }, (_, i) => `;p${i}=v`).join('')
  assert.equal(of(`a/b${many}`), null)
  assert.equal(charsetOf('text/plain; charset=UTF-8'), 'utf-8')
  assert.equal(charsetOf('junk'), undefined)
  for (const junk of [`a/b${';'.repeat(65_536)}`, `a/b;${' '.repeat(65_536)}x`, `a/b;a="${'\\'.repeat(65_536)}`])
    of(junk)
})
