import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sleep } from '../../base/duration.ts'
import type { Host } from '../../socket/host.ts'
import { internet, ms, type ProgramHost, seconds } from '../index.ts'

const bytes = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0))

/** Machine b writes down what it is told. */
async function listening() {
  const net = internet({ seed: 1 })
  const [a, b] = [net.host('a'), net.host('b')]
  net.link(a, b, { latency: ms(1) })
  const heard: string[] = []
  await net.run(async () => {
    const server = await b.datagrams({ address: '0.0.0.0', port: 5 })
    server.attach({ onDatagram: (said) => void heard.push(String.fromCharCode(...said)), onError() {}, onClose() {} })
  })
  const say = async (host: Host, text: string) => {
    const socket = await host.datagrams()
    socket.send(bytes(text), { address: b.address, port: 5 })
  }
  return { net, a, b, heard, say }
}

test('a program of a life that is over never acts in the next one', async () => {
  const { net, a, b, heard, say } = await listening()
  let old: ProgramHost | undefined
  a.start(async (host) => {
    old ??= host
    await say(host, 'first life')
    // The experiment's clock goes on whatever happens to the machine: the code runs on, and is dead all the same.
    await sleep(net.clock, seconds(2))
    await say(host, 'from the dead')
    assert.fail('nothing that a dead program asks for is answered')
  })
  await net.run({ for: seconds(1) })
  a.restart()
  a.start((host) => say(host, 'second life'))
  await net.run({ for: seconds(5) })
  assert.deepEqual(heard, ['first life', 'second life'])
  const outcomes: string[] = []
  const asked: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['connect', () => old!.connect({ address: b.address, port: 1 })],
    ['listen', () => old!.listen({ address: '0.0.0.0', port: 1 }, () => {})],
    ['lookup', () => old!.lookup('b')],
    ['ping', () => old!.ping(b.address)],
  ]
  for (const [what, call] of asked)
    call().then(
      () => outcomes.push(what),
      () => outcomes.push(what),
    )
  await net.run({ for: seconds(300) })
  assert.deepEqual(outcomes, [])
})

test('the host of a program knows its addresses, and is the one of its life', async () => {
  const { net, a } = await listening()
  const hosts: ProgramHost[] = []
  const note = (host: ProgramHost) => void hosts.push(host)
  a.start(note)
  a.start(note)
  await net.run({ for: ms(1) })
  a.restart()
  a.start(note)
  await net.run({ for: ms(1) })
  assert.deepEqual(
    hosts.map(({ address }) => address),
    ['10.0.0.1', '10.0.0.1', '10.0.0.1'],
  )
  assert.equal(hosts[0], hosts[1])
  assert.notEqual(hosts[1], hosts[2])
  assert.notEqual(hosts[0]!.stack, hosts[2]!.stack)
  assert.equal(hosts[2]!.stack, a.stack)
})

test('a program that fails, at once or later, fails the run, which says where', async () => {
  for (const fail of [
    () => {
      throw new Error('at once')
    },
    async (host: ProgramHost) => {
      await sleep(host.clock, ms(5))
      throw new Error('later')
    },
  ]) {
    const { net, a } = await listening()
    a.start(fail)
    await assert.rejects(net.run({ for: seconds(1) }), (error: Error) => {
      assert.match(error.message, /^(at once|later)$/)
      assert.match(
        error.stack!,
        /in a program of a; in a simulation with seed 1, at .* of virtual time; to repeat: internet/,
      )
      return true
    })
  }
})

test('a program that is started on a paused machine begins when the machine goes on', async () => {
  const { net, a } = await listening()
  const begun: number[] = []
  a.pause()
  a.start(() => void begun.push(net.now))
  net.clock.at(net.now + seconds(1), () => a.resume())
  await net.run({ for: seconds(2) })
  assert.equal(begun.length, 1)
})
