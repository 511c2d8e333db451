import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { fromBase64, toBase64, toBase64Url } from './base64.ts'

test('the test vectors of RFC 4648 §10', () => {
  const vectors = {
    '': '',
    f: 'Zg==',
    fo: 'Zm8=',
    foo: 'Zm9v',
    foob: 'Zm9vYg==',
    fooba: 'Zm9vYmE=',
    foobar: 'Zm9vYmFy',
  }
  for (const [text, encoded] of Object.entries(vectors)) {
    assert.equal(toBase64(new TextEncoder().encode(text)), encoded)
    assert.equal(new TextDecoder().decode(fromBase64(encoded)!), text)
    assert.equal(new TextDecoder().decode(fromBase64(encoded.replaceAll('=', ''))!), text)
  }
})

test('any octets come back, as the platform encodes them', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      assert.equal(toBase64(bytes), Buffer.from(bytes).toString('base64'))
      assert.equal(toBase64Url(bytes), Buffer.from(bytes).toString('base64url'))
      assert.deepEqual([...fromBase64(toBase64(bytes))!], [...bytes])
      assert.deepEqual([...fromBase64(toBase64Url(bytes))!], [...bytes])
    }),
  )
})

test('what no encoder writes is refused', () => {
  for (const text of ['Z', 'Zg=', 'Zg===', '=', 'Z=g=', 'Zm9v\n', 'Zm 9v', 'Zh==', 'Zm9', 'é===', 'Zm9vY'])
    assert.equal(fromBase64(text), null, text)
  assert.notEqual(fromBase64('Zm8'), null)
})
