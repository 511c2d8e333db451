import assert from 'node:assert/strict'
import { test } from 'node:test'
import { after } from '../../base/clock.ts'
import { sleep } from '../../base/duration.ts'
import { RecordingLog } from '../../base/events.ts'
import type { Connection } from '../../socket/host.ts'
import { internet, mbit, ms, seconds } from '../index.ts'

/** A server that greets, and restarts as it began. */
function pair() {
  const log = new RecordingLog()
  const net = internet({ seed: 1, log })
  const boots: number[] = []
  const web = net.host('web', {
    async boot(host) {
      boots.push(net.now)
      await host.listen({ address: '0.0.0.0', port: 80 }, (connection) => {
        connection.attach({
          onData: (bytes) => connection.write(bytes),
          onEnd: () => connection.end(),
          onDrain() {},
          onClose() {},
        })
      })
    },
  })
  const client = net.host('client')
  net.link(client, web, { latency: ms(5), rate: mbit(100) })
  return { net, web, client, boots, log }
}

/** Sends a word and waits for its echo, or for the end. */
function ask(connection: Connection, word: string): Promise<string> {
  return new Promise((resolve) => {
    connection.attach({
      onData: (bytes) => resolve(Buffer.from(bytes).toString()),
      onEnd: () => resolve('end'),
      onDrain() {},
      onClose: (error) => resolve(error?.code ?? 'closed'),
    })
    connection.write(Buffer.from(word))
  })
}

test('a crashed server says nothing; restarted it knows nothing of old connections, and takes new ones', async () => {
  const { net, web, client, boots, log } = pair()
  await net.run(async () => {
    const at = { address: web.address, port: 80 }
    const old = await client.connect(at)
    assert.equal(await ask(old, 'hello'), 'hello')
    web.crash()
    assert.equal(web.up, false)
    const answer = ask(old, 'anybody?')
    await sleep(net.clock, seconds(3))
    assert.ok(
      log.events.some((event) => event.type === 'link.dropped' && 'reason' in event && event.reason === 'host down'),
    )
    web.restart()
    assert.equal(await answer, 'ECONNRESET')
    assert.equal(await ask(await client.connect(at), 'again'), 'again')
  })
  assert.equal(boots.length, 2)
})

test('timers of a crashed host never fire, those of its next life do', async () => {
  const { net, web } = pair()
  const fired: string[] = []
  await net.run({ for: ms(0) })
  after(web.clock, seconds(1), () => fired.push('old'))
  web.restart()
  after(web.clock, seconds(1), () => fired.push('new'))
  await net.run({ for: seconds(2) })
  assert.deepEqual(fired, ['new'])
})

test('a router that restarts forwards as before', async () => {
  const net = internet({ seed: 1 })
  const [a, b] = [net.host('a'), net.host('b')]
  const router = net.router('router')
  net.link(a, router, { latency: ms(1) })
  net.link(router, b, { latency: ms(1) })
  await net.run(async () => {
    assert.equal((await a.ping(b.address)).outcome, 'reply')
    router.crash()
    assert.equal((await a.ping(b.address)).outcome, 'timeout')
    router.restart()
    assert.equal((await a.ping(b.address)).outcome, 'reply')
  })
})

test('a home router forgets its translations', async () => {
  const net = internet({ seed: 1 })
  const home = net.homeRouter('home')
  const [laptop, web] = [net.host('laptop'), net.host('web')]
  net.link(home.lan, laptop)
  net.link(home.wan, web, { addresses: ['203.0.113.1/24', '203.0.113.2/24'] })
  await net.run(async () => {
    assert.equal((await laptop.ping(web.address)).outcome, 'reply')
    assert.equal([...home.nat!.translations].length, 1)
    home.restart()
    assert.equal([...home.nat!.translations].length, 0)
    assert.equal((await laptop.ping(web.address)).outcome, 'reply')
  })
})

test('a program that fails fails the run', async () => {
  const net = internet()
  net.host('bad', {
    async boot() {
      throw new Error('no configuration')
    },
  })
  await assert.rejects(net.run({ for: seconds(1) }), /no configuration/)
})
