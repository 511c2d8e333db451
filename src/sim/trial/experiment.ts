/**
 * For the tests of `simulate`: experiments that go wrong with some seeds, as a person's test file has them. Which one is
 * run is said by the environment.
 */
import { test } from 'node:test'
import { sleep } from '../../base/duration.ts'
import { type Internet, internet, ms, seconds, simulate } from '../index.ts'

/** A datagram that is sent once, over a line that loses a third of all. */
async function unlucky(net: Internet): Promise<void> {
  const [a, b] = [net.host('a'), net.host('b')]
  net.link(a, b, { latency: ms(5), loss: 0.3 })
  await net.run(async () => {
    const { outcome } = await a.ping(b.address)
    if (outcome !== 'reply') throw new Error(`the answer was ${outcome}`)
  })
}

/** A task of a program that nobody waits for, and that fails. */
async function strays(): Promise<void> {
  const net = internet()
  const host = net.host('careless', {
    async boot({ clock }) {
      const task = async () => {
        await sleep(clock, seconds(1))
        throw new Error('nobody waits for this')
      }
      void task()
    },
  })
  net.link(host, net.host('other'))
  await net.run({ for: seconds(5) })
  console.log('the run went on')
}

const experiment = process.env['EXPERIMENT']

if (experiment === 'unlucky') await simulate('a ping', { seeds: 50 }, unlucky)
else if (experiment === 'in a test') test('a ping', () => simulate('a ping', { seeds: 50 }, unlucky))
else if (experiment === 'stray') await strays()
else if (experiment === 'two at once') {
  const quiet = internet({ seed: 'quiet' })
  const other = quiet.run(() => sleep(quiet.clock, seconds(10)))
  const [failed] = await Promise.allSettled([strays(), other])
  console.log(failed.status, (await Promise.allSettled([other]))[0].status)
} else if (experiment === 'deadlock') {
  const net = internet()
  const [a, b] = [net.host('a'), net.host('b')]
  const link = net.link(a, b)
  await net.run({ for: ms(1) })
  b.crash()
  link.cut('back')
  net.partition(a, b)
  await net.run(new Promise(() => {}))
}
