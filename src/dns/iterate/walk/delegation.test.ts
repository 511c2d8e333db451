import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MILLISECOND, type Nanos, SECOND } from '../../../base/clock.ts'
import { SeededRandom } from '../../../base/random.ts'
import { DNS_LIMITS } from '../../limits.ts'
import { Name } from '../../message/name.ts'
import { rrset } from '../../message/record.ts'
import { CLASS, TYPE } from '../../message/types.ts'
import { ServerBook } from '../../servers/book.ts'
import { askable, type Candidate, choose, Delegation, type Order, restedBefore } from './delegation.ts'

const limits = DNS_LIMITS.resolver
const policy = { families: [4, 6] as const, port: 53, allowLoopbackServers: false }

function three(): Delegation {
  const set = new Delegation(Name.root, 0, limits)
  for (const last of [1, 2, 3]) set.addServer({ address: `192.0.2.${last}`, port: 53 })
  return set
}

function choice(book: ServerBook, order: Order, now: Nanos = 1, random = new SeededRandom(0)) {
  return { type: TYPE.A, book, order, random, allowed: () => true, now }
}

function digit(candidate: Candidate | null): string {
  return candidate?.server.address.address.at(-1) ?? 'none'
}

/** How often each server is chosen, by its last digit. */
function choices(set: Delegation, known: ServerBook, times = 600): Record<string, number> {
  const random = new SeededRandom('choose')
  const counts: Record<string, number> = {}
  for (let i = 0; i < times; i++) {
    const last = digit(choose(set, choice(known, 'fastest', 1, random)))
    counts[last] = (counts[last] ?? 0) + 1
  }
  return counts
}

test('servers about as fast as the fastest share the load, slow ones get none', () => {
  const known = new ServerBook()
  known.replied('192.0.2.1:53', TYPE.A, 10 * MILLISECOND, 0)
  known.replied('192.0.2.2:53', TYPE.A, 200 * MILLISECOND, 0)
  known.replied('192.0.2.3:53', TYPE.A, 900 * MILLISECOND, 0)
  const counts = choices(three(), known)
  assert.ok(counts['1']! > 200 && counts['2']! > 200, JSON.stringify(counts))
  assert.equal(counts['3'], undefined)
})

test('a server that times out loses its turn, and gets it back when the others do worse', () => {
  const known = new ServerBook()
  for (const last of [2, 3]) known.replied(`192.0.2.${last}:53`, TYPE.A, 10 * MILLISECOND, 0)
  known.failed('192.0.2.1:53', TYPE.A, 'timeout', 1, 0, 1)
  assert.equal(choices(three(), known)['1'], undefined)
})

test('lame and spent servers are not chosen; nobody left is said', () => {
  const known = new ServerBook()
  const set = three()
  known.setLame(Name.root, '192.0.2.1:53', 'lame', 0)
  set.candidates.get('192.0.2.2:53')!.spend()
  assert.deepEqual(choices(set, known, 10), { 3: 10 })
  set.candidates.get('192.0.2.3:53')!.spend()
  assert.deepEqual(choices(set, known, 10), { none: 10 })
})

test('each is tried once before one is tried twice; in the listed order when that is wanted', () => {
  const set = three()
  const order: string[] = []
  for (let i = 0; i < 6; i++) {
    const candidate = choose(set, choice(new ServerBook(), 'listed'))!
    candidate.ask()
    order.push(digit(candidate))
  }
  assert.deepEqual(order, ['1', '2', '3', '1', '2', '3'])
})

test('listed: a server that has just been silent waits behind the others, and is tried beside them when it has rested', () => {
  const set = three()
  const book = new ServerBook()
  book.failed('192.0.2.1:53', TYPE.A, 'timeout', 1, 0, 1)
  const now = choice(book, 'listed', 2)
  const chosen = choose(set, now)!
  assert.equal(digit(chosen), '2')
  assert.equal(restedBefore(set, chosen, now), null)
  const later = choice(book, 'listed', 16 * SECOND)
  assert.equal(digit(choose(set, later)), '2')
  assert.equal(digit(restedBefore(set, chosen, later)), '1')
  assert.equal(restedBefore(set, chosen, { ...later, order: 'fastest' }), null)
  book.replied('192.0.2.1:53', TYPE.A, MILLISECOND, 17 * SECOND)
  assert.equal(digit(choose(set, choice(book, 'listed', 18 * SECOND))), '1')
})

test('a server that policy forbids is not chosen', () => {
  const allowed = ({ server }: Candidate) => server.key !== '192.0.2.1:53'
  assert.equal(digit(choose(three(), { ...choice(new ServerBook(), 'listed'), allowed })), '2')
})

test('addresses that are nobody, or this machine, are not asked', () => {
  const refused = [
    '0.0.0.0',
    '0.1.2.3',
    '127.0.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    'ff02::1',
    '::ffff:127.0.0.1',
  ]
  for (const address of refused) assert.equal(askable(address, policy), false, address)
  for (const address of ['192.0.2.1', '10.0.0.1', '2001:db8::1']) assert.equal(askable(address, policy), true, address)
  assert.equal(askable('127.0.0.1', { ...policy, allowLoopbackServers: true }), true)
  assert.equal(askable('2001:db8::1', { ...policy, families: [4] }), false)
})

test('names are looked for IPv4 first, then IPv6 where IPv4 gave nothing', () => {
  const set = new Delegation(Name.parse('example.'), 0, limits)
  const names = ['a.', 'b.'].map((name) => Name.parse(name))
  const ns = names.map((name) => name.wire)
  set.addNames(rrset(Name.parse('example.'), TYPE.NS, CLASS.IN, 1, ns))
  const next = () => {
    const target = set.nextTarget(policy, () => false)
    return target === null ? null : `${target.name} ${target.type}`
  }
  assert.equal(next(), `a. ${TYPE.A}`)
  set.addAddresses(names[0]!, rrset(names[0]!, TYPE.A, CLASS.IN, 1, [Uint8Array.of(192, 0, 2, 1)]), policy)
  assert.equal(next(), `b. ${TYPE.A}`)
  assert.equal(next(), `b. ${TYPE.AAAA}`)
  assert.equal(next(), null)
})
