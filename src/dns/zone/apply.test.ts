/** A zone that changes: as if it had been read anew, without touching the one that is served. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Name } from '../message/name.ts'
import { parseRdata, printRecord } from '../message/rdata/text.ts'
import { type ResourceRecord, recordsOf } from '../message/record.ts'
import { CLASS, parseType } from '../message/types.ts'
import { Zone } from './zone.ts'

const origin = Name.parse('example.')

function record(line: string): ResourceRecord {
  const [owner = '', ttl = '', type = '', ...rdata] = line.split(' ')
  const number = parseType(type)!
  return {
    name: Name.parse(owner, origin),
    type: number,
    class: CLASS.IN,
    ttl: Number(ttl),
    rdata: parseRdata(number, rdata.join(' '), origin),
  }
}

const BASE = ['@ 60 SOA ns h 1 2 3 4 5', '@ 60 NS ns', 'ns 60 A 192.0.2.1'].map((line) =>
  record(line.replace('@', 'example.')),
)

/** All records, in an order that does not matter. */
function lines(zone: Zone): string[] {
  return [...zone.nodes()]
    .flatMap((node) => [...node.rrsets.values()].flatMap((set) => recordsOf(set, true)))
    .map(printRecord)
    .sort()
}

const RRSIG = 'RRSIG A 8 2 60 20300101000000 20200101000000 1 example. AAAA'

test('records come and go; the zone that was is as it was', () => {
  const before = Zone.of(origin, [...BASE, record('www 60 A 192.0.2.2'), record('a.b.c 60 TXT x')])
  const old = lines(before)
  const after = before.apply({
    remove: [record('www 1 A 192.0.2.2'), record('nobody 1 A 192.0.2.9')],
    add: [record('www 60 A 192.0.2.3'), record('new.deep 60 A 192.0.2.4')],
  })
  assert.deepEqual(lines(before), old)
  assert.equal(before.find(Name.parse('new.deep.example.')).kind, 'nothing')
  assert.equal(after.find(Name.parse('deep.example.')).kind, 'node') // an empty non-terminal
  assert.deepEqual(after.addresses(Name.parse('www.example.'))[0]?.rdatas, [Uint8Array.of(192, 0, 2, 3)])
  // What does not change is shared.
  assert.equal(after.find(Name.parse('a.b.c.example.')).node, before.find(Name.parse('a.b.c.example.')).node)
})

test('names that are left without records are gone, with those that were only on the way to them', () => {
  const zone = Zone.of(origin, [...BASE, record('a.b.c 60 A 192.0.2.2'), record('x.c 60 A 192.0.2.3')])
  const first = zone.apply({ remove: [record('a.b.c 60 A 192.0.2.2')] })
  assert.equal(first.find(Name.parse('b.c.example.')).kind, 'nothing')
  assert.equal(first.find(Name.parse('c.example.')).kind, 'node')
  const second = first.apply({ remove: [record('x.c 60 A 192.0.2.3')] })
  assert.equal(second.find(Name.parse('c.example.')).kind, 'nothing')
})

test('an equal record is there once, with the new time to live for its whole set; signatures change as records do', () => {
  const zone = Zone.of(origin, [
    ...BASE,
    record('m 60 MX 1 mail'),
    record('m 60 MX 2 other'),
    record('ns 60 '.concat(RRSIG)),
  ])
  const again = zone.apply({ add: [record('m 90 MX 1 MAIL')] })
  const set = again.find(Name.parse('m.example.')).node.rrset(15)
  assert.deepEqual([set?.ttl, set?.rdatas.length], [90, 2])
  assert.equal(zone.find(Name.parse('ns.example.')).node.rrset(1)?.signatures.length, 1)
  const unsigned = zone.apply({ remove: [record('ns 60 '.concat(RRSIG))] })
  assert.equal(unsigned.find(Name.parse('ns.example.')).node.rrset(1)?.signatures.length, 0)
})

test('the serial, and a zone without a SOA', () => {
  const zone = Zone.of(origin, BASE)
  const next = zone.apply({ remove: [BASE[0]!], add: [record('example. 60 SOA ns h 2 2 3 4 5')] })
  assert.deepEqual([zone.serial, next.serial], [1, 2])
  assert.throws(() => zone.apply({ remove: [BASE[0]!] }), { code: 'DNS_ZONE' })
  assert.throws(() => Zone.of(origin, []), { code: 'DNS_ZONE' })
})

test('any changes, one after the other, make the zone that its records make', () => {
  const owner = fc.constantFrom('a', 'b', 'a.b', 'x.a.b', '*.b', 'c.d.e', 'd.e')
  const change = fc.record({
    owner,
    type: fc.constantFrom('A', 'TXT'),
    value: fc.integer({ min: 1, max: 3 }),
    add: fc.boolean(),
  })
  const lineOf = ({ owner, type, value }: { owner: string; type: string; value: number }) =>
    `${owner} 60 ${type} ${type === 'A' ? `192.0.2.${value}` : `t${value}`}`
  fc.assert(
    fc.property(fc.array(fc.array(change, { maxLength: 4 }), { maxLength: 30 }), (rounds) => {
      let zone = Zone.of(origin, BASE)
      const held = new Set<string>()
      for (const round of rounds) {
        // In one round what goes goes first.
        const remove = round.filter(({ add }) => !add).map(lineOf)
        const add = round.filter(({ add }) => add).map(lineOf)
        for (const line of remove) held.delete(line)
        for (const line of add) held.add(line)
        zone = zone.apply({ remove: remove.map(record), add: add.map(record) })
      }
      const anew = Zone.of(origin, [...BASE, ...[...held].map(record)])
      assert.deepEqual(lines(zone), lines(anew))
      for (const name of ['a', 'b', 'a.b', 'x.a.b', 'q.b', 'c.d.e', 'd.e', 'e'])
        assert.equal(zone.find(Name.parse(name, origin)).kind, anew.find(Name.parse(name, origin)).kind, name)
    }),
    { numRuns: 300 },
  )
})

test('many updates of a flat zone copy its names now and then, not each time', () => {
  const names = Array.from({ length: 20_000 }, (_, i) => record(`n${i} 60 A 192.0.2.1`))
  let zone = Zone.of(origin, [...BASE, ...names])
  const first = zone
  for (let i = 0; i < 2_000; i++) zone = zone.apply({ add: [record(`new${i} 60 A 192.0.2.2`)] })
  assert.equal([...zone.nodes()].length, 22_002)
  assert.equal([...first.nodes()].length, 20_002)
  for (const name of ['n0', 'n19999', 'new0', 'new1999'])
    assert.equal(zone.find(Name.parse(name, origin)).kind, 'node', name)
  assert.equal(first.find(Name.parse('new0', origin)).kind, 'nothing')
})
