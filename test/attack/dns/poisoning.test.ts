/** What an attacker's server, or a forger, says about names that are not his: none of it may be believed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Message } from '../../../src/dns/message/message.ts'
import { Name } from '../../../src/dns/message/name.ts'
import { CLASS, TYPE } from '../../../src/dns/message/types.ts'
import { withoutPrivateAddresses } from '../../../src/dns/resolver/local/private.ts'
import { EVIL, Network, ROOT, reply, type Server, standardServers, TLD, VICTIM } from './network.ts'

const TRUE_ANSWER = 'NOERROR\nwww.victim.example. A 203.0.113.1'

/** Resolves a name of the attacker's, whose reply is the attack, then the victim's. */
function afterAttack(evil: Server, bait = 'bait.evil.example.', type = 'A'): Network {
  const network = new Network(standardServers(evil))
  network.resolve(bait, type)
  return network
}

test('the network is sound: without an attack the victim is found', () => {
  assert.equal(afterAttack(() => null).resolve('www.victim.example.'), TRUE_ANSWER)
})

test('Kaminsky: a forged reply for a random name brings name servers for the zone; they are not believed', () => {
  const servers = standardServers(() => null)
  const honest = servers[VICTIM]!
  servers[VICTIM] = (to, name, type) =>
    name === 'x7f3.victim.example.'
      ? reply(to, {
          aa: true,
          answer: `x7f3.victim.example. 300 A ${EVIL}`,
          authority: 'victim.example. 86400 NS ns.evil.example.\nvictim.example. 86400 NS ns.victim.example.',
          additional: `ns.victim.example. 86400 A ${EVIL}\nns.evil.example. A ${EVIL}`,
        })
      : honest(to, name, type)
  servers[EVIL] = (to) => reply(to, { aa: true, answer: 'www.victim.example. 300 A 6.6.6.6' })
  const network = new Network(servers)
  network.resolve('x7f3.victim.example.')
  assert.equal(network.resolve('www.victim.example.'), TRUE_ANSWER)
})

test('addresses in the additional section of an attacker’s answer are not cached, whatever record leads to them', () => {
  for (const [type, rdata] of [
    ['MX', '10 www.victim.example.'],
    ['NS', 'www.victim.example.'],
    ['SRV', '0 0 80 www.victim.example.'],
  ] as const) {
    const network = afterAttack(
      (to) =>
        reply(to, {
          aa: true,
          answer: `evil.example. ${type} ${rdata}`,
          additional: 'www.victim.example. 86400 A 6.6.6.6',
        }),
      'evil.example.',
      type,
    )
    assert.equal(network.resolve('www.victim.example.'), TRUE_ANSWER, type)
  }
})

test('records beside the answer are dropped', () => {
  const network = afterAttack((to, name) =>
    reply(to, { aa: true, answer: `${name} A 203.0.113.66\nwww.victim.example. 86400 A 6.6.6.6` }),
  )
  assert.equal(network.resolve('www.victim.example.'), TRUE_ANSWER)
})

test('an alias to the victim comes with the victim’s “address”: it is looked up, not taken', () => {
  const network = new Network(
    standardServers((to, name) =>
      reply(to, {
        aa: true,
        answer: `${name} CNAME www.victim.example.\nwww.victim.example. 86400 A 6.6.6.6`,
      }),
    ),
  )
  assert.equal(
    network.resolve('bait.evil.example.'),
    'NOERROR\nbait.evil.example. CNAME www.victim.example.\nwww.victim.example. A 203.0.113.1',
  )
  assert.equal(network.resolve('www.victim.example.'), TRUE_ANSWER)
})

test('a DNAME above the attacker’s own zone is not believed', () => {
  const network = afterAttack((to) =>
    reply(to, {
      aa: true,
      answer: 'example. 86400 DNAME evil.example.\nvictim.example. 86400 DNAME evil.example.',
    }),
  )
  assert.equal(network.resolve('www.victim.example.'), TRUE_ANSWER)
})

test('a DNAME’s target is asked for, and its forged CNAME is replaced by the one it makes', () => {
  const network = new Network(
    standardServers((to) =>
      reply(to, {
        aa: true,
        answer: `evil.example. DNAME victim.example.
          www.evil.example. CNAME elsewhere.evil.example.`,
      }),
    ),
  )
  assert.equal(
    network.resolve('www.evil.example.'),
    'NOERROR\nevil.example. DNAME victim.example.\nwww.evil.example. CNAME www.victim.example.\n' +
      'www.victim.example. A 203.0.113.1',
  )
})

test('a DNAME that makes names too long gives YXDOMAIN', () => {
  const long = `${'a'.repeat(60)}.`.repeat(4)
  const network = new Network(standardServers((to) => reply(to, { aa: true, answer: `evil.example. DNAME ${long}` })))
  assert.match(network.resolve(`${'b'.repeat(30)}.evil.example.`), /^YXDOMAIN/)
})

test('referrals go down only: upward, sideways and to the same zone they are lame, and nothing of them is kept', () => {
  for (const owner of ['.', 'example.', 'evil.example.', 'victim.example.', 'com.']) {
    const network = afterAttack((to) =>
      reply(to, {
        authority: `${owner} 86400 NS ns.evil.example.`,
        additional: `ns.evil.example. 86400 A ${EVIL}\na.nic.example. 86400 A ${EVIL}\nns.victim.example. A ${EVIL}`,
      }),
    )
    assert.ok(network.asked.length < 12, `${owner}: ${network.asked.length} questions`)
    assert.equal(network.resolve('www.victim.example.'), TRUE_ANSWER, owner)
  }
})

test('glue from outside the referring zone is not believed', () => {
  const servers = standardServers(() => null)
  // evil.example delegates a child to the victim's name server and "knows" its address.
  servers[EVIL] = (to) =>
    reply(to, {
      authority: 'sub.evil.example. NS ns.victim.example.',
      additional: `ns.victim.example. 86400 A ${EVIL}`,
    })
  const network = new Network(servers)
  network.resolve('www.sub.evil.example.')
  assert.ok(
    network.asked.includes(`${VICTIM} ns.victim.example. A`) || network.asked.some((ask) => ask.startsWith(VICTIM)),
  )
  assert.equal(network.resolve('www.victim.example.'), TRUE_ANSWER)
})

test('glue that points at nobody or at this machine is not asked', () => {
  for (const address of ['0.0.0.0', '127.0.0.1', '224.0.0.1', '255.255.255.255']) {
    const network = new Network(
      standardServers((to) =>
        reply(to, {
          authority: 'sub.evil.example. NS ns.sub.evil.example.',
          additional: `ns.sub.evil.example. A ${address}`,
        }),
      ),
    )
    assert.equal(network.resolve('www.sub.evil.example.'), 'SERVFAIL')
    assert.ok(
      network.asked.every((ask) => !ask.startsWith(address)),
      address,
    )
  }
})

test('a zone that has been taken away does not live on by its own word (ghost domain)', () => {
  let delegated = true
  const servers = standardServers((to, name) =>
    name === 'evil.example.'
      ? reply(to, {
          aa: true,
          answer: 'evil.example. 86400 NS ns.evil.example.',
          additional: `ns.evil.example. 86400 A ${EVIL}`,
        })
      : reply(to, {
          aa: true,
          answer: `${name} 60 A 203.0.113.66`,
          authority: 'evil.example. 86400 NS ns.evil.example.',
          additional: `ns.evil.example. 86400 A ${EVIL}`,
        }),
  )
  const tld = servers[TLD]!
  servers[TLD] = (to, name, type) => {
    if (!name.endsWith('evil.example.')) return tld(to, name, type)
    return delegated
      ? reply(to, { authority: 'evil.example. 600 NS ns.evil.example.', additional: `ns.evil.example. 600 A ${EVIL}` })
      : reply(to, { aa: true, rcode: 'NXDOMAIN', authority: 'example. SOA a. b. 1 2 3 4 60' })
  }
  for (const promiscuousAuthority of [false, true]) {
    delegated = true
    const network = new Network(servers, { promiscuousAuthority })
    assert.match(network.resolve('a.evil.example.'), /203.0.113.66/)
    delegated = false
    for (let i = 0; i < 5; i++) {
      network.seconds += 300
      network.resolve('evil.example.', 'NS') // asks to be renewed
      network.resolve(`r${i}.evil.example.`)
    }
    assert.equal(network.resolve('b.evil.example.'), 'NXDOMAIN', `promiscuous ${promiscuousAuthority}`)
  }
})

test('a zone that was sold belongs to the new owner when the old delegation ends, whatever the old one said', () => {
  let sold = false
  const servers = standardServers((to, name, type) =>
    type === 'NS'
      ? reply(to, {
          aa: true,
          answer: 'evil.example. 86400 NS ns.evil.example.',
          additional: `ns.evil.example. 86400 A ${EVIL}`,
        })
      : reply(to, { aa: true, answer: `${name} 60 A 203.0.113.66` }),
  )
  servers['198.18.0.70'] = (to, name) => reply(to, { aa: true, answer: `${name} 60 A 203.0.113.70` })
  const tld = servers[TLD]!
  servers[TLD] = (to, name, type) => {
    if (!name.endsWith('evil.example.')) return tld(to, name, type)
    return sold
      ? reply(to, { authority: 'evil.example. 600 NS new.example.', additional: 'new.example. 600 A 198.18.0.70' })
      : reply(to, { authority: 'evil.example. 600 NS ns.evil.example.', additional: `ns.evil.example. 600 A ${EVIL}` })
  }
  const network = new Network(servers)
  network.resolve('evil.example.', 'NS')
  assert.match(network.resolve('a.evil.example.'), /203.0.113.66/)
  sold = true
  network.seconds += 601
  assert.match(network.resolve('b.evil.example.'), /203.0.113.70/)
})

test('a child cannot renew a grandchild either', () => {
  let delegated = true
  const servers = standardServers((to, name) =>
    reply(to, {
      aa: false,
      authority: `deep.evil.example. 86400 NS ns.deep.evil.example.`,
      additional: `ns.deep.evil.example. 86400 A 198.18.0.67`,
      ...(name === 'evil.example.'
        ? { aa: true, authority: 'evil.example. SOA a. b. 1 2 3 4 60', additional: '' }
        : {}),
    }),
  )
  servers['198.18.0.67'] = (to, name) => reply(to, { aa: true, answer: `${name} 60 A 203.0.113.67` })
  const tld = servers[TLD]!
  servers[TLD] = (to, name, type) => {
    if (!name.endsWith('evil.example.')) return tld(to, name, type)
    return delegated
      ? reply(to, { authority: 'evil.example. 600 NS ns.evil.example.', additional: `ns.evil.example. 600 A ${EVIL}` })
      : reply(to, { aa: true, rcode: 'NXDOMAIN', authority: 'example. SOA a. b. 1 2 3 4 60' })
  }
  const network = new Network(servers)
  assert.match(network.resolve('a.deep.evil.example.'), /203.0.113.67/)
  delegated = false
  network.seconds += 601
  assert.equal(network.resolve('b.deep.evil.example.'), 'NXDOMAIN')
})

test('MaginotDNS: a forwarder for one zone is believed about that zone only', () => {
  const corp = Name.parse('corp.example.')
  const servers = standardServers(() => null)
  servers['198.18.0.99'] = (to, name) =>
    reply(to, {
      ra: true,
      answer: `${name} CNAME www.victim.example.\nwww.victim.example. 86400 A 6.6.6.6`,
      authority: `. 86400 NS ns.evil.example.\nexample. 86400 NS ns.evil.example.`,
      additional: `ns.evil.example. A ${EVIL}\na.nic.example. A ${EVIL}`,
    })
  const zones = [
    { zone: Name.root, servers: [{ address: ROOT, port: 53 }], forwarding: false },
    { zone: corp, servers: [{ address: '198.18.0.99', port: 53 }], forwarding: true },
  ]
  const network = new Network(servers, { zones })
  assert.match(network.resolve('intranet.corp.example.'), /www.victim.example. A 203.0.113.1$/)
  assert.equal(network.resolve('www.victim.example.'), TRUE_ANSWER)
})

test('DNS rebinding: a name outside that points at a device inside is left without an address, names inside are not', () => {
  let answer = 'www.evil.example. 1 A 192.168.1.1'
  const evil: Server = (to) => reply(to, { aa: true, answer })
  const policies = [withoutPrivateAddresses({ allowed: [Name.parse('victim.example.')] })]
  const network = new Network(standardServers(evil), { policies })
  assert.equal(network.resolve('www.evil.example.'), 'NOERROR')
  // Hidden behind a good one, in the other family's clothes, and in the hints of a service.
  answer = 'two.evil.example. 1 A 203.0.113.7\ntwo.evil.example. 1 A 10.0.0.1'
  assert.equal(network.resolve('two.evil.example.'), 'NOERROR\ntwo.evil.example. A 203.0.113.7')
  answer = 'six.evil.example. 1 AAAA ::ffff:10.0.0.1'
  assert.equal(network.resolve('six.evil.example.', 'AAAA'), 'NOERROR')
  answer = 'svc.evil.example. 1 HTTPS 1 . ipv4hint=127.0.0.1'
  assert.equal(network.resolve('svc.evil.example.', 'HTTPS'), 'NOERROR')
  // By an alias to a name that is allowed, only what that name's own zone says is believed.
  answer = 'alias.evil.example. 1 CNAME www.victim.example.\nwww.victim.example. 1 A 10.0.0.1'
  assert.equal(
    network.resolve('alias.evil.example.'),
    'NOERROR\nalias.evil.example. CNAME www.victim.example.\nwww.victim.example. A 203.0.113.1',
  )
})

test('a forged DNAME takes the name that it was the answer to, and no other below it', () => {
  const evil: Server = (to, name) =>
    name === 'x.evil.example.'
      ? reply(to, { aa: true, answer: 'evil.example. 900 DNAME www.victim.example.' })
      : reply(to, { aa: true, answer: `${name} 60 A 198.51.100.1` })
  const network = new Network(standardServers(evil))
  assert.match(network.resolve('x.evil.example.'), /^NOERROR|^NXDOMAIN/)
  assert.equal(network.resolve('y.evil.example.'), 'NOERROR\ny.evil.example. A 198.51.100.1')
})

test('what was learnt for a client that checks for itself answers no other', () => {
  const servers = { [ROOT]: (to: Message) => reply(to, { ra: true, answer: 'www.example. 60 A 198.51.100.66' }) }
  const zones = [{ zone: Name.root, servers: [{ address: ROOT, port: 53 }], forwarding: true }]
  const network = new Network(servers, { zones, prime: false, minimise: false })
  const question = { name: Name.parse('www.example.'), type: TYPE.A, class: CLASS.IN }
  network.answer({ ...question, checkingDisabled: true })
  network.answer(question)
  assert.equal(network.asked.length, 1) // it was asked for anew
  network.answer({ ...question, checkingDisabled: true })
  assert.equal(network.asked.length, 0)
})
