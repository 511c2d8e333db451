import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Name } from '../message/name.ts'
import { TYPE } from '../message/types.ts'
import { printFault } from './fault.ts'
import { loadZone } from './load.ts'
import type { Zone } from './zone.ts'
import { Zones } from './zones.ts'

const origin = Name.parse('example.')
const HEAD = '$TTL 60\n@ SOA ns host 1 2 3 4 5\n@ NS ns\nns A 192.0.2.1\n'

function faults(text: string): string[] {
  return loadZone(text, origin, { file: 'f' }).faults.map(printFault)
}

function zoneOf(text: string, at = origin): Zone {
  const { zone, faults: found } = loadZone(text, at)
  assert.deepEqual(found.map(printFault), [])
  return zone!
}

test('a zone needs one SOA and an NS at its origin', () => {
  assert.deepEqual(faults('$TTL 1\nwww A 192.0.2.1'), [
    'f:1:1: error: no SOA record at example.',
    'f:1:1: error: no NS record at example.',
  ])
  assert.match(faults(`${HEAD}@ SOA ns host 2 2 3 4 5`).join(), /2 SOA records: a zone has one/)
  assert.match(faults(`${HEAD}sub SOA ns host 2 2 3 4 5`).join(), /f:5:1: error: a SOA record at sub\.example\./)
  assert.deepEqual(faults(''), ['f:1:1: error: no SOA record at example.', 'f:1:1: error: no NS record at example.'])
})

test('what is out of the zone or of its class, a CNAME with company, records below a DNAME are errors', () => {
  assert.deepEqual(faults(`${HEAD}other. A 192.0.2.1`), ['f:5:1: error: other. is not in the zone example.'])
  assert.match(faults(`${HEAD}a CH TXT x`)[0]!, /class CH in a zone of class IN/)
  assert.match(faults(`${HEAD}a CNAME b\na A 192.0.2.1`)[0]!, /f:6:1: error: a\.example\. has a CNAME record and A/)
  assert.match(faults(`${HEAD}a CNAME b\na CNAME c`)[0]!, /more than one CNAME/)
  assert.deepEqual(faults(`${HEAD}a CNAME b\na CNAME B`), [], 'the same one twice is one')
  assert.match(faults(`${HEAD}d DNAME x\na.d A 192.0.2.1`)[0]!, /a\.d\.example\. stands below the DNAME/)
})

test('likely mistakes are warnings and the zone is served', () => {
  const warned = (text: string) => {
    const { zone, faults: found } = loadZone(HEAD + text, origin, { file: 'f' })
    assert.ok(zone !== null)
    return found.map(printFault).join()
  }
  assert.match(warned('@ NS ns2'), /f:5:1: warning: the name server ns2\.example\. has no address here/)
  assert.match(warned('@ NS al\nal CNAME ns'), /warning: the name server al\.example\. is an alias/)
  assert.match(
    warned('sub NS ns\nx.sub TXT lost'),
    /warning: x\.sub\.example\. TXT is not served: sub\.example\. is delegated/,
  )
  assert.match(warned('a 1 A 192.0.2.1\na 2 A 192.0.2.2'), /different times to live/)
  assert.equal(warned('sub NS ns.sub\nns.sub A 192.0.2.3'), '')
  const twice = /f:5:1: warning: (\S+) has the zone's name in it twice: is the dot/
  assert.equal(twice.exec(warned('@ MX 1 mx.example'))?.[1], 'mx.example.example.')
  assert.equal(twice.exec(warned('www.example A 192.0.2.1'))?.[1], 'www.example.example.')
  assert.equal(warned('@ MX 1 example.net.\nexample-not A 192.0.2.1'), '')
})

test('limit: a fault quotes no control characters, and not more than a person reads', () => {
  const [fault] = faults(`a \x1b[2J${'x'.repeat(100_000)} 1`)
  assert.ok(fault!.length < 700 && fault!.includes('\\027[2J') && !fault!.includes('\x1b'), fault!)
})

test('find: nodes, empty non-terminals, delegations, wildcards, DNAME, nothing', () => {
  const zone = zoneOf(`${HEAD}a.b A 192.0.2.1\n*.w A 192.0.2.2\nx.y.w A 192.0.2.3\nsub NS ns\nd DNAME other.`)
  const find = (name: string, atCut = false) => {
    const { kind, node } = zone.find(Name.parse(name), atCut)
    return `${kind} ${node.name}`
  }
  assert.equal(find('EXAMPLE.'), 'node example.')
  assert.equal(find('a.b.example.'), 'node a.b.example.')
  assert.equal(find('b.example.'), 'node b.example.')
  assert.equal(find('c.b.example.'), 'nothing b.example.')
  assert.equal(find('q.w.example.'), 'wildcard *.w.example.')
  assert.equal(find('r.q.w.example.'), 'wildcard *.w.example.')
  assert.equal(find('q.y.w.example.'), 'nothing y.w.example.', 'the closest encloser has no wildcard (RFC 4592 §2.2.2)')
  assert.equal(find('*.w.example.'), 'node *.w.example.')
  assert.equal(find('sub.example.'), 'delegation sub.example.')
  assert.equal(find('a.sub.example.'), 'delegation sub.example.')
  assert.equal(find('sub.example.', true), 'node sub.example.')
  assert.equal(find('a.sub.example.', true), 'delegation sub.example.')
  assert.equal(find('d.example.'), 'node d.example.')
  assert.equal(find('a.d.example.'), 'dname d.example.')
})

test('the deepest zone answers, and DS is the parent’s', () => {
  const parent = zoneOf(HEAD)
  const child = zoneOf(HEAD, Name.parse('c.example.'))
  const zones = new Zones([parent, child])
  assert.equal(zones.find(Name.parse('x.c.example.'), TYPE.A), child)
  assert.equal(zones.find(Name.parse('C.example.'), TYPE.A), child)
  assert.equal(zones.find(Name.parse('c.example.'), TYPE.DS), parent)
  assert.equal(zones.find(Name.parse('d.example.'), TYPE.A), parent)
  assert.equal(zones.find(Name.parse('other.'), TYPE.A), undefined)
})
