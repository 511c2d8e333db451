import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { RecordingLog } from '../base/events.ts'
import { type Internet, internet, mbit, ms, type SimHost } from './index.ts'
import { storm, stream } from './trial/stream.ts'

test('10 MB arrive intact at 10 % loss with reordering, duplicates and spoiled frames, for five seeds', async () => {
  for (let seed = 1; seed <= 5; seed++) {
    const { net, from, to } = storm(seed)
    const { received, wrong } = await stream(net, from, to, 10_000_000)
    assert.deepEqual([received, wrong], [10_000_000, -1], `seed ${seed}`)
  }
})

async function fingerprint(seed: number): Promise<string> {
  const log = new RecordingLog()
  const { net, from, to } = storm(seed, log)
  await stream(net, from, to, 200_000)
  const hash = createHash('sha256')
  for (const event of log.events)
    hash.update(
      JSON.stringify(event, (_, value) => (value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value)),
    )
  return `${log.events.length} ${hash.digest('hex')}`
}

test('the same seed gives the same log of a TCP transfer in a storm, byte for byte', async () => {
  const first = await fingerprint(1)
  assert.equal(await fingerprint(1), first)
  assert.notEqual(await fingerprint(2), first)
})

test('a network that nobody watches runs the same as one that is watched', async () => {
  const finish = async (log?: RecordingLog) => {
    const { net, from, to } = storm(3, log)
    await stream(net, from, to, 200_000)
    return net.now
  }
  assert.equal(await finish(), await finish(new RecordingLog()))
})

test('one more host elsewhere does not shift what happens here', async () => {
  const finish = async (extra: (net: Internet, near: SimHost) => void) => {
    const { net, from, to } = storm(4)
    extra(net, from)
    await stream(net, from, to, 200_000)
    return net.now
  }
  const alone = await finish(() => {})
  assert.equal(
    await finish((net) => net.link(net.host('x'), net.host('y'), { loss: 0.5, latency: ms(1), rate: mbit(1) })),
    alone,
  )
})

test('a home behind NAT reads a page from a server outside', async () => {
  const net = internet({ seed: 1 })
  const [laptop, web] = [net.host('laptop'), net.host('web')]
  const home = net.homeRouter('home')
  const isp = net.router('isp')
  net.link(laptop, home.lan, { latency: ms(1) })
  net.link(home.wan, isp, { latency: ms(8), rate: mbit(20), addresses: ['198.51.100.7/24', '198.51.100.1/24'] })
  net.link(isp, web, { latency: ms(10), addresses: ['203.0.113.1/24', '203.0.113.80/24'] })
  assert.deepEqual(await stream(net, laptop, web, 1_000_000), { received: 1_000_000, wrong: -1, from: '198.51.100.7' })
})
