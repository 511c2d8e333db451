/** Every reason for which a host drops a packet stands on the page of a journey. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ms, seconds } from '../base/duration.ts'
import { RecordingLog } from '../base/events.ts'
import { internet } from '../sim/index.ts'
import { DROPS, type DropReason, type StackDroppedEvent } from '../stack/index.ts'
import { udpFrame } from '../stack/trial/bench.ts'
import { journey } from './journey.ts'

const PAGE = { hosts: [], columns: 200, paint: (_: unknown, text: string) => text, everything: false }

const packet = udpFrame(5000, 9, 'x', { to: '198.51.100.80' }).subarray(14)

function event(reason: DropReason, bytes = packet): StackDroppedEvent {
  return { type: 'stack.dropped', at: 0, host: 'web', reason, interface: 'eth0', frame: null, packet: bytes }
}

const ROUTINE: readonly DropReason[] = ['frame for another machine', 'packet for another machine']

for (const reason of Object.keys(DROPS) as DropReason[])
  test(`the page tells of a drop: ${reason}`, () => {
    const words = `drops a UDP datagram 5000 > 9 to 198.51.100.80: ${reason}`
    assert.ok(
      journey([event(reason)], { ...PAGE, everything: true })
        .join('\n')
        .includes(words),
    )
    // What is on every shared link is told only when everything is wanted.
    assert.equal(
      journey([event(reason)], PAGE)
        .join('\n')
        .includes(words),
      !ROUTINE.includes(reason),
    )
  })

test('what cannot be read is told by its length, and nothing of it is nothing', () => {
  const told = (bytes: Uint8Array) => journey([event('packet malformed', bytes)], PAGE).join('\n')
  assert.match(told(new Uint8Array(7)), /drops 7 B that are no IP packet: packet malformed/)
  assert.match(told(new Uint8Array(0)), /drops a packet: packet malformed/)
})

/** What happens when a laptop behind a router sends one datagram, drawn with the web server's lane. */
async function page(to: (web: string) => string, webIsUp = true): Promise<string[]> {
  const log = new RecordingLog()
  const net = internet({ seed: 1, log })
  const [laptop, router, web] = [net.host('laptop'), net.router('router'), net.host('web')]
  net.link(laptop, router, { latency: ms(1) })
  net.link(router, web, { latency: ms(1) })
  await net.run(async () => {
    if (!webIsUp) web.crash()
    const socket = await laptop.datagrams()
    socket.send(new Uint8Array(1), { address: to(web.address), port: 9 })
  })
  await net.run({ for: seconds(10) })
  return journey(log.events, { ...PAGE, hosts: [{ host: 'web', detail: web.address }] })
}

const some = (lines: readonly string[], pattern: RegExp) =>
  assert.ok(
    lines.some((line) => pattern.test(line)),
    `no line like ${pattern}:\n${lines.join('\n')}`,
  )

test('a datagram to a port without a socket arrives, and the host says that it drops it', async () => {
  const lines = await page((web) => web)
  some(lines, /drops a UDP datagram \d+ > 9 to .*: no socket at the UDP port/)
  assert.ok(!lines.some((line) => line.includes('✗')))
})

test('a packet that a router does not pass on says why, where it happens and at its arrow', async () => {
  some(await page(() => '203.0.113.77'), /drops a UDP datagram \d+ > 9 to 203\.0\.113\.77: no route/)
  const lines = await page((web) => web, false)
  some(lines, /✗ neighbour does not answer, says router/)
  some(lines, /drops a UDP datagram \d+ > 9 to .*: neighbour does not answer/)
})
