import assert from 'node:assert/strict'
import test from 'node:test'
import { formatAddress, ipOf, parseAddress, placeOf } from './address.ts'

test('addresses as text', () => {
  assert.equal(formatAddress({ address: '192.0.2.1', port: 80 }), '192.0.2.1:80')
  assert.equal(formatAddress({ address: '2001:db8::1', port: 80 }), '[2001:db8::1]:80')
  assert.equal(formatAddress({ address: 'fe80::1%eth0', port: 80 }), '[fe80::1%eth0]:80')
  assert.equal(formatAddress({ path: '/run/app.sock' }), '/run/app.sock')
  assert.equal(formatAddress({ path: '\0name' }), '@name')
  assert.equal(formatAddress({ path: '' }), 'unnamed')
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

test('addresses of a command line', () => {
  assert.deepEqual(parseAddress('127.0.0.1:80'), { address: '127.0.0.1', port: 80 })
  assert.deepEqual(parseAddress('8080'), { address: '0.0.0.0', port: 8080 })
  assert.deepEqual(parseAddress('[::1]:0'), { address: '::1', port: 0 })
  assert.deepEqual(parseAddress('[fe80::1%eth0]:53'), { address: 'fe80::1%eth0', port: 53 })
  assert.deepEqual(parseAddress('unix:/run/a:b.sock'), { path: '/run/a:b.sock' })
  assert.deepEqual(parseAddress('unix:@name'), { path: '\0name' })
  for (const wrong of [
    '',
    'localhost:80',
    '::1:80',
    '127.0.0.1',
    '127.0.0.1:65536',
    '[127.0.0.1]:80',
    'unix:',
    'unix:@',
    '80 ',
  ])
    assert.throws(() => parseAddress(wrong), { code: 'EINVAL', message: /write 127\.0\.0\.1:8080/ })
})
