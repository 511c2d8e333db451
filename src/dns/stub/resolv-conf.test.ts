import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseResolvConf, searchNames } from './resolv-conf.ts'

test('nameservers, search and options', () => {
  const conf = parseResolvConf(`
# generated
nameserver 192.0.2.1
nameserver 2001:db8::1
nameserver 192.0.2.3:5353
search lan example.com
options ndots:2 timeout:1 attempts:3 rotate
`)
  assert.deepEqual(conf.nameservers, [
    { address: '192.0.2.1', port: 53 },
    { address: '2001:db8::1', port: 53 },
    { address: '192.0.2.3', port: 5353 },
  ])
  assert.deepEqual(conf.search, ['lan', 'example.com'])
  assert.deepEqual([conf.ndots, conf.timeout, conf.attempts, conf.rotate], [2, 1, 3, true])
  assert.deepEqual(conf.faults, [])
})

test('the last of domain and search wins', () => {
  assert.deepEqual(parseResolvConf('search a b\ndomain c').search, ['c'])
  assert.deepEqual(parseResolvConf('domain c\nsearch a b').search, ['a', 'b'])
})

test('limits of resolv.conf(5), faults with their lines', () => {
  const conf = parseResolvConf(
    'nameserver 1.1.1.1\nnameserver 2.2.2.2\nnameserver 3.3.3.3\nnameserver 4.4.4.4\nnameserver here\noptions ndots:99 timeout:0 nonsense\nfoo',
  )
  assert.equal(conf.nameservers.length, 3)
  assert.equal(conf.ndots, 15)
  assert.equal(conf.timeout, 1)
  assert.deepEqual(
    conf.faults.map(({ line, why }) => `${line}: ${why}`),
    [
      '4: more than 3 nameservers',
      "5: nameserver 'here' is not an IP address",
      "6: option 'nonsense' is not known",
      "7: 'foo' is not known",
    ],
  )
})

test('options that change nothing here are no faults; use-vc and no-aaaa change something', () => {
  const conf = parseResolvConf('options edns0 trust-ad single-request-reopen use-vc no-aaaa retrans:3')
  assert.deepEqual([conf.tcp, conf.withoutIpv6], [true, true])
  assert.deepEqual(
    conf.faults.map(({ why, at }) => [why, at]),
    [["option 'retrans:3' is not known", 0]],
  )
  assert.deepEqual(
    parseResolvConf('\n\nfoo bar').faults.map(({ line, at }) => [line, at]),
    [[3, 2]],
  )
})

test('search list and ndots', () => {
  const conf = { search: ['lan', 'example.com.'], ndots: 1 }
  assert.deepEqual(searchNames('web', conf), ['web.lan', 'web.example.com', 'web'])
  assert.deepEqual(searchNames('www.web', conf), ['www.web', 'www.web.lan', 'www.web.example.com'])
  assert.deepEqual(searchNames('web.', conf), ['web'])
  assert.deepEqual(searchNames('www', { search: ['.', 'lan', 'lan.'], ndots: 1 }), ['www', 'www.lan'])
})
