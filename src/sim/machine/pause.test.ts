import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loop } from '#loop'
import { after } from '../../base/clock.ts'
import { RecordingLog } from '../../base/events.ts'
import { internet, type LinkDroppedEvent, ms, seconds } from '../index.ts'
import { World } from '../time/world.ts'
import { LIFE, Life, type LifeState } from './life.ts'

test('a life goes its table: paused and on as often as one likes, and over once', () => {
  const states = Object.keys(LIFE) as LifeState[]
  const ways: { readonly [from in LifeState]: readonly LifeState[] } = {
    running: [],
    paused: ['paused'],
    over: ['over'],
  }
  for (const from of states)
    for (const to of states) {
      const life = new Life('m', new World({ epochMillis: 0, loop }), 10)
      for (const step of ways[from]) life.become(step)
      life.become(to)
      assert.equal(life.state, LIFE[from].includes(to) ? to : from, `${from} to ${to}`)
    }
})

function pair(limits = {}) {
  const log = new RecordingLog()
  const net = internet({ seed: 1, log, limits })
  const [a, b] = [net.host('a'), net.host('b')]
  net.link(a, b, { latency: ms(1) })
  return { net, a, b, log }
}

test('a paused machine answers late, in order, and loses nothing; its clock goes on', async () => {
  const { net, a, b } = pair()
  const fired: string[] = []
  await net.run(async () => {
    assert.equal((await a.ping(b.address)).outcome, 'reply')
    after(b.clock, ms(10), () => fired.push(`timer ${net.now / ms(1)}`))
    const cancelled = after(b.clock, ms(20), () => fired.push('cancelled'))
    const start = net.now
    net.clock.at(start + seconds(3), () => {
      cancelled.cancel()
      b.resume()
    })
    b.pause()
    assert.equal(b.state, 'paused')
    assert.equal(b.up, true)
    const { outcome, time } = await a.ping(b.address, { timeout: seconds(10) })
    assert.equal(outcome, 'reply')
    assert.equal(time, seconds(3) + ms(1))
  })
  await net.run({ for: seconds(1) })
  assert.deepEqual(fired, ['timer 3004'])
})

test('what comes to a paused machine waits in its network card, as far as there is room', async () => {
  const { net, a, b, log } = pair({ pausedFrames: 5 })
  const heard: number[] = []
  await net.run(async () => {
    const server = await b.datagrams({ address: '0.0.0.0', port: 5 })
    server.attach({ onDatagram: ([byte]) => void heard.push(byte!), onError() {}, onClose() {} })
    const socket = await a.datagrams()
    const say = (byte: number) => socket.send(Uint8Array.of(byte), { address: b.address, port: 5 })
    say(0)
    await a.ping(b.address)
    b.pause()
    for (let i = 1; i <= 8; i++) say(i)
    await new Promise<void>((resolve) => after(net.clock, ms(100), resolve))
    b.resume()
  })
  await net.run({ for: ms(10) })
  assert.deepEqual(heard, [0, 1, 2, 3, 4, 5])
  const dropped = log.events.filter((event): event is LinkDroppedEvent => event.type === 'link.dropped')
  assert.deepEqual(
    dropped.map(({ reason }) => reason),
    ['host paused', 'host paused', 'host paused'],
  )
})

test('a machine that crashes while it is paused forgets what has waited', async () => {
  const { net, a, b } = pair()
  const fired: string[] = []
  await net.run(async () => {
    await a.ping(b.address)
    after(b.clock, ms(1), () => fired.push('old'))
    b.pause()
    const answer = a.ping(b.address, { timeout: ms(500) })
    await new Promise<void>((resolve) => after(net.clock, ms(100), resolve))
    b.restart()
    b.resume()
    assert.equal((await answer).outcome, 'timeout')
    assert.equal((await a.ping(b.address)).outcome, 'reply')
  })
  assert.deepEqual(fired, [])
})
