import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seconds, sleep } from '../../base/duration.ts'
import { RecordingLog } from '../../base/events.ts'
import { internet, ms } from '../../sim/index.ts'
import type { DnsStageEvent } from '../events.ts'
import { encode } from '../message/encode.ts'
import { query } from '../message/message.ts'
import { Name } from '../message/name.ts'
import { TYPE } from '../message/types.ts'
import { loadZone } from '../zone/load.ts'
import { serveZones } from './serve.ts'

test('each answer is reported as the stage that the server plays', async () => {
  const log = new RecordingLog()
  const net = internet({ seed: 1, log })
  const client = net.host('client')
  const tld = net.host('tld')
  net.link(client, tld, { latency: ms(1) })
  const text = '$TTL 300\n@ SOA ns host 1 2 3 4 60\n@ NS ns\nns A 192.0.2.1\nsub 900 NS ns.sub\nns.sub A 192.0.2.2\n'
  const { zone } = loadZone(text, Name.parse('example.'))
  await net.run(async () => {
    const server = await serveZones(tld, [zone!], { stage: 'top-level domain' })
    const socket = await client.datagrams()
    for (const name of ['ns.example.', 'www.sub.example.', 'no.example.', 'other.'])
      socket.send(encode(query(Name.parse(name), TYPE.A)), { address: tld.address, port: 53 })
    await sleep(client.clock, seconds(1))
    socket.close()
    await server.close()
  })
  const events = log.events.filter((event): event is DnsStageEvent => event.type === 'dns.stage')
  assert.deepEqual(
    events.map(({ host, stage, name, rrtype, outcome, rcode, answer, ttl }) => [
      host,
      stage,
      name,
      rrtype,
      outcome,
      rcode,
      answer,
      ttl,
    ]),
    [
      ['tld', 'top-level domain', 'ns.example.', 'A', 'answered', 'NOERROR', ['A 192.0.2.1'], 300],
      ['tld', 'top-level domain', 'www.sub.example.', 'A', 'referred', 'NOERROR', ['NS ns.sub.example.'], 900],
      ['tld', 'top-level domain', 'no.example.', 'A', 'answered', 'NXDOMAIN', [], 60],
      ['tld', 'top-level domain', 'other.', 'A', 'failed', 'REFUSED', [], -1],
    ],
  )
})
