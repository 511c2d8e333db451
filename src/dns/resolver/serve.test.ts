/** What a resolving server says to the queries that it does not resolve. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { internet, ms } from '../../sim/index.ts'
import { HostExchange } from '../exchange/client.ts'
import type { Responder } from '../front/responder.ts'
import { edns } from '../message/edns.ts'
import { type Message, query } from '../message/message.ts'
import { Name } from '../message/name.ts'
import { CLASS, OPCODE, RCODE, TYPE } from '../message/types.ts'
import { upstream } from '../servers/upstream.ts'
import { serveForwarder } from './forwarder.ts'
import { iterating, resolverDriver, resolvingResponder, serveResolver } from './serve.ts'

const CLIENT = { address: { address: '192.0.2.1', port: 5353 }, transport: 'udp' } as const
const NAME = Name.parse('www.example.')

function responder(): Responder {
  const host = internet({ names: false }).host('resolver')
  const settings = { zones: [{ zone: Name.root, servers: [{ address: '198.18.0.1', port: 53 }], forwarding: false }] }
  return resolvingResponder(resolverDriver(host, 'resolver', { ...iterating(), ...settings }))
}

async function reply(message: Message): Promise<Message> {
  return (await responder()(message, CLIENT)) as Message
}

async function rcode(message: Message): Promise<number | undefined> {
  return (await reply(message)).rcode
}

test('queries that are not for a resolver are refused with the RCODE that says why', async () => {
  assert.equal(await rcode(query(NAME, TYPE.A)), RCODE.REFUSED) // no RD: the cache is nobody's business
  const rd = { rd: true }
  assert.equal(await rcode(query(NAME, TYPE.A, { ...rd, opcode: OPCODE.NOTIFY })), RCODE.NOTIMP)
  assert.equal(await rcode(query(NAME, TYPE.AXFR, rd)), RCODE.REFUSED)
  assert.equal(await rcode(query(NAME, TYPE.OPT, rd)), RCODE.REFUSED)
  assert.equal(await rcode(query(NAME, TYPE.A, { ...rd, question: [] })), RCODE.FORMERR)
  assert.equal(await rcode(query(NAME, TYPE.A, { ...rd, edns: edns({ version: 1 }) })), RCODE.BADVERS)
  const chaos = { name: Name.parse('version.bind.'), type: TYPE.TXT, class: CLASS.CH }
  assert.equal(await rcode(query(NAME, TYPE.TXT, { ...rd, question: [chaos] })), RCODE.REFUSED)
})

test('RFC 6761: localhost and names that cannot be are answered here', async () => {
  const ask = (name: string, type: number) => reply(query(Name.parse(name), type, { rd: true }))
  assert.deepEqual([...(await ask('localhost.', TYPE.A)).answer[0]!.rdata], [127, 0, 0, 1])
  assert.equal((await ask('a.b.localhost.', TYPE.AAAA)).answer[0]!.rdata.at(-1), 1)
  assert.equal((await ask('localhost.', TYPE.MX)).answer.length, 0)
  assert.equal((await ask('x.invalid.', TYPE.A)).rcode, RCODE.NXDOMAIN)
  assert.equal((await ask('x.onion.', TYPE.A)).rcode, RCODE.NXDOMAIN)
})

test('a forwarder without an upstream is a mistake that is named', async () => {
  const host = internet({ names: false }).host('home')
  assert.throws(() => serveForwarder(host, { upstream: [] }), { code: 'DNS_SETTING' })
})

test('RA is set, RD and the question come back, an OPT record only to those who sent one', async () => {
  const net = internet({ seed: 1, names: false })
  const [client, server] = [net.host('client'), net.host('server')]
  net.link(client, server, { latency: ms(1) })
  await net.run(async () => {
    await serveResolver(server, { hints: [{ address: '198.18.0.1', port: 53 }] })
    const result = await new HostExchange(client).ask({
      upstream: upstream({ address: server.address, port: 53 }),
      question: { name: Name.parse('LocalHost.'), type: TYPE.A, class: CLASS.IN },
      recursionDesired: true,
      timeout: 1e9,
      dnssecOk: false,
      checkingDisabled: false,
    })
    assert.ok(result.kind === 'reply')
    const { ra, rd, qr, aa, question } = result.message
    assert.deepEqual([ra, rd, qr, aa, question[0]?.name.toString()], [true, true, true, false, 'LocalHost.'])
    assert.notEqual(result.message.edns, null)
  })
})
