import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SocketError } from '../../base/errors.ts'
import type { Host } from '../host.ts'
import { SocketTimeout, Waiters, Watchers } from './waiting.ts'

/** A clock whose timers ring when the test says so. */
function handHost(): { readonly host: Host; ring(): void } {
  const due = new Set<() => void>()
  const clock = {
    now: () => 0,
    at(_when: number, run: () => void) {
      due.add(run)
      return { cancel: () => void due.delete(run) }
    },
  }
  return { host: { clock } as unknown as Host, ring: () => due.forEach((run) => void run()) }
}

test('first come, first served; and nobody is tried whose turn it is not', async () => {
  const waiters = new Waiters(handHost().host)
  const stock: number[] = []
  let tries = 0
  const attempt = (): number | undefined => {
    tries++
    return stock.shift()
  }
  const served = Array.from({ length: 1000 }, () => waiters.until('recv', null, attempt))
  tries = 0
  for (let i = 0; i < 1000; i++) {
    stock.push(i)
    waiters.wake()
  }
  assert.deepEqual(
    await Promise.all(served),
    Array.from({ length: 1000 }, (_, i) => i),
  )
  assert.equal(tries, 1999, 'one that gets something and one that does not, each time')
})

test('20,000 that wait are refused with 20,000 looks', async () => {
  const waiters = new Waiters(handHost().host)
  let closed = false
  let tries = 0
  const waiting = Array.from({ length: 20_000 }, () =>
    waiters.until('accept', null, () => {
      tries++
      if (closed) throw new SocketError('EBADF', 'accept')
      return undefined
    }),
  )
  tries = 0
  closed = true
  waiters.wake()
  const outcomes = await Promise.allSettled(waiting)
  assert.ok(outcomes.every(({ status }) => status === 'rejected'))
  assert.equal(tries, 20_000)
})

test('who has lost patience is told so and does not stand in the way', async () => {
  const { host, ring } = handHost()
  const waiters = new Waiters(host)
  let ready = false
  const attempt = (): true | undefined => (ready ? true : undefined)
  const patient = waiters.until('recv', null, attempt)
  const hasty = [1, 2].map(() => waiters.until('recv', 0.5, attempt))
  const last = waiters.until('recv', null, attempt)
  ring()
  for (const one of hasty) await assert.rejects(one, SocketTimeout)
  await assert.rejects(waiters.until('recv', 0, attempt), { code: 'EAGAIN' })
  ready = true
  waiters.wake()
  assert.deepEqual(await Promise.all([patient, last]), [true, true])
})

test('watchers are woken together, once it is so', async () => {
  const watchers = new Watchers()
  let ready = false
  const both = [watchers.until(() => ready), watchers.until(() => ready)]
  watchers.wake(() => ready)
  ready = true
  watchers.wake(() => ready)
  await Promise.all(both)
  await watchers.until(() => ready)
})
