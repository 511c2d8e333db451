import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { contains4, mask4, parseIp4, parsePrefix4 } from '../../base/ip.ts'
import { Interface } from '../link/interface.ts'
import { Probe } from '../trial/bench.ts'
import { Routes } from './routes.ts'

const eth0 = new Interface(new Probe('eth0', 1), () => null)
const route = (text: string, gateway: string | null = null, metric = 0) => ({
  prefix: parsePrefix4(text)!.prefix,
  gateway: gateway === null ? null : parseIp4(gateway),
  interface: eth0,
  metric,
})

test('the longest prefix wins, then the lowest metric, then the older', () => {
  let changes = 0
  const routes = new Routes(() => changes++)
  routes.add(route('0.0.0.0/0', '10.0.0.1'))
  routes.add(route('10.1.0.0/16', '10.0.0.2', 5))
  routes.add(route('10.1.0.0/16', '10.0.0.3', 1))
  routes.add(route('10.1.2.0/24'))
  const via = (to: string) => routes.lookup(parseIp4(to))?.gateway ?? 'link'
  assert.equal(via('10.1.2.3'), 'link')
  assert.equal(via('10.1.3.3'), parseIp4('10.0.0.3'))
  assert.equal(via('192.0.2.1'), parseIp4('10.0.0.1'))
  assert.equal(routes.toString().split('\n')[0], '10.1.2.0/24 dev eth0')
  assert.equal(routes.toString().split('\n').at(-1), 'default via 10.0.0.1 dev eth0')
  routes.remove(({ prefix }) => prefix.length === 0)
  assert.equal(routes.lookup(parseIp4('192.0.2.1')), null)
  assert.equal(changes, 5)
})

test('any table agrees with a search for the best', () => {
  const prefixes = fc.array(fc.tuple(fc.nat(0xffff_ffff), fc.nat(32)), { maxLength: 30 })
  fc.assert(
    fc.property(prefixes, fc.nat(0xffff_ffff), (list, destination) => {
      const routes = new Routes(() => {})
      const made = list.map(([address, length]) => ({ network: (address & mask4(length)) >>> 0, length }))
      for (const prefix of made) routes.add({ prefix, gateway: null, interface: eth0, metric: 0 })
      const best = Math.max(-1, ...made.filter((prefix) => contains4(prefix, destination)).map(({ length }) => length))
      assert.equal(routes.lookup(destination)?.prefix.length ?? -1, best)
    }),
  )
})
