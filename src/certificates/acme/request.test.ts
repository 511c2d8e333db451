/** Requests and certificates, octet by octet, before the eyes of OpenSSL. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createPublicKey, X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { needCommand } from '../../../test/need.ts'
import { createAuthority, issue } from '../../tls/index.ts'
import { authorityKeyId, serialOctets } from './certificate-reader.ts'
import { certificateKey, certificateRequest, challengeIdentity } from './request.ts'

const skip = needCommand('openssl')

test('a certificate request is what OpenSSL takes for one', { skip }, () => {
  const key = certificateKey()
  const names = ['shop.example', '*.shop.example', `${'a'.repeat(63)}.example`]
  const der = certificateRequest(key, createPublicKey(key), names)
  const shown = execFileSync('openssl', ['req', '-inform', 'DER', '-verify', '-noout', '-text', '-subject'], {
    input: der,
  }).toString()
  for (const name of names) assert.ok(shown.includes(`DNS:${name}`), shown)
  assert.match(shown, /NIST CURVE: P-256/)
  assert.match(shown, /ecdsa-with-SHA256/)
})

test('the certificate of a challenge has the name alone, and the digest in a critical extension', { skip }, () => {
  const digest = new Uint8Array(32).fill(7)
  const { certificate } = challengeIdentity('shop.example', digest)
  const shown = execFileSync('openssl', ['x509', '-noout', '-text'], { input: String(certificate) }).toString()
  assert.match(shown, /X509v3 Subject Alternative Name: \n\s+DNS:shop\.example\n/)
  // OpenSSL 3 knows the name of it, or shows the number.
  assert.match(shown, /(1\.3\.6\.1\.5\.5\.7\.1\.31|ACME Identifier): critical/)
})

test('who has signed a certificate, and its number, are read as OpenSSL reads them; what is broken never throws', {
  skip,
}, () => {
  const authority = createAuthority('a test')
  const { certificate } = issue(authority, ['shop.example'])
  const { raw, serialNumber } = new X509Certificate(certificate)
  const hex = (octets: Uint8Array | null) => Buffer.from(octets!).toString('hex').toUpperCase()
  assert.equal(hex(serialOctets(raw)).replace(/^00/, ''), serialNumber)
  const shown = execFileSync('openssl', ['x509', '-noout', '-ext', 'authorityKeyIdentifier'], {
    input: String(certificate),
  })
  const listed = /(?:[0-9A-F]{2}:){19}[0-9A-F]{2}/.exec(shown.toString())![0].replaceAll(':', '')
  assert.equal(hex(authorityKeyId(raw)), listed)
  const root = new X509Certificate(authority.certificate)
  assert.equal(authorityKeyId(root.raw), null)
  fc.assert(
    fc.property(fc.nat(raw.length - 1), fc.nat(255), fc.nat(raw.length), (at, octet, length) => {
      const broken = Buffer.from(raw)
      broken[at] = octet
      authorityKeyId(broken.subarray(0, length))
      serialOctets(broken.subarray(0, length))
    }),
    { numRuns: 2000 },
  )
})
