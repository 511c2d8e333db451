import assert from 'node:assert/strict'
import test from 'node:test'
import { formatAddress, ipOf, placeOf } from './address.ts'

test('addresses as text', () => {
  assert.equal(formatAddress({ address: '192.0.2.1', port: 80 }), '192.0.2.1:80')
  assert.equal(formatAddress({ address: '2001:db8::1', port: 80 }), '[2001:db8::1]:80')
  assert.equal(formatAddress({ address: 'fe80::1%eth0', port: 80 }), '[fe80::1%eth0]:80')
  assert.equal(formatAddress({ path: '/run/app.sock' }), '/run/app.sock')
})

test('where only an IP address makes sense, a path is refused with what to do', () => {
  const at = { address: '192.0.2.1', port: 80 }
  assert.equal(ipOf(at, 'connect'), at)
  assert.throws(
    () => ipOf({ path: '/run/app.sock' }, 'connect'),
    /EAFNOSUPPORT: .*app\.sock.*give an IP address and a port/,
  )
})

test('an error names the place, or none', () => {
  assert.deepEqual(placeOf({ address: '::1', port: 5 }), { address: '::1', port: 5 })
  assert.deepEqual(placeOf({ path: '/x' }), { address: '/x' })
  assert.deepEqual([placeOf(null), placeOf(undefined)], [{}, {}])
})
