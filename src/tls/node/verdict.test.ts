/** Whose certificate it is, by its names alone (RFC 9525 §6.3). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PeerCertificate } from 'node:tls'
import { checkName } from './verdict.ts'

test('the names of subjectAltName count, and nothing else; an asterisk is a whole label', () => {
  const table: [name: string, names: string | undefined, taken: boolean][] = [
    ['a.shop.example', 'DNS:a.shop.example', true],
    ['A.Shop.Example.', 'DNS:x.example, DNS:a.SHOP.example', true],
    ['a.shop.example', 'DNS:*.shop.example', true],
    ['a.b.shop.example', 'DNS:*.shop.example', false],
    ['shop.example', 'DNS:*.shop.example', false],
    ['a.shop.example', 'DNS:a*.shop.example', false],
    ['a.shop.example', 'DNS:*a.shop.example', false],
    ['a.shop.example', 'DNS:*.*.example', false],
    ['example', 'DNS:*', false],
    // The subject says the name: it does not count, whatever else the certificate has.
    ['a.shop.example', undefined, false],
    ['a.shop.example', 'URI:https://a.shop.example/', false],
    ['a.shop.example', 'email:me@a.shop.example', false],
    ['a.shop.example', 'DNS:"x, DNS:a.shop.example"', false],
    ['127.0.0.1', 'IP Address:127.0.0.1', true],
    ['127.0.0.1', 'DNS:127.0.0.1', false],
    ['127.0.0.1', 'DNS:*.0.0.1', false],
    ['::1', 'IP Address:0:0:0:0:0:0:0:1', true],
  ]
  for (const [name, subjectaltname, taken] of table) {
    const certificate = { subjectaltname, subject: { CN: name } } as PeerCertificate
    assert.equal(checkName(name, certificate) === undefined, taken, `${name} by ${subjectaltname}`)
  }
})
