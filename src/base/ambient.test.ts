import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { Slot, surround, surroundings, within } from './ambient.ts'
import { holder as browser } from './browser/ambient.ts'
import { currentMachine, ownMachine, work } from './work.ts'

const user = new Slot<string>('test.user')
const tongue = new Slot<string>('test.tongue')

test('what is set holds across awaits, and for this call only', async () => {
  const seen = await user.run('ada', async () => {
    await setImmediate()
    return tongue.run('tr', async () => {
      await setImmediate()
      return [user.get(), tongue.get()]
    })
  })
  assert.deepEqual(seen, ['ada', 'tr'])
  assert.equal(user.get(), undefined)
  const later = async () => {
    await setImmediate()
    return user.get()
  }
  const both = await Promise.all(['a', 'b'].map((name) => user.run(name, later)))
  assert.deepEqual(both, ['a', 'b'])
})

test('several are set at once, around and within others', () => {
  surround({ [user.name]: 'ada', [tongue.name]: 'tr' }, () => {
    assert.deepEqual([user.get(), tongue.get()], ['ada', 'tr'])
    surround({ [user.name]: 'lin' }, () => assert.deepEqual([user.get(), tongue.get()], ['lin', 'tr']))
    tongue.run(undefined, () => assert.deepEqual([user.get(), tongue.get()], ['ada', undefined]))
  })
})

test('what surrounded a call is entered again later, some of it otherwise', () => {
  const where = user.run('ada', () => tongue.run('tr', surroundings))
  const inside = within(where, { [tongue.name]: undefined }, () => [user.get(), tongue.get()])
  assert.deepEqual(inside, ['ada', undefined])
  assert.deepEqual(
    within(undefined, {}, () => user.get()),
    undefined,
  )
})

test('a browser keeps what surrounds a call until it returns, also by an error', () => {
  assert.equal(
    browser.run({ a: 1 }, () => browser.run({ b: 2 }, () => browser.get()?.['b'])),
    2,
  )
  assert.throws(() => browser.run({ a: 1 }, () => assert.fail('x')))
  assert.equal(browser.get(), undefined)
})

test('the machine is that of the work around, else this one', () => {
  const machine = { ...ownMachine(), name: 'other' }
  assert.equal(
    work.run({ machine, events: machine.events, exchange: 0 }, () => currentMachine().name),
    'other',
  )
  assert.equal(currentMachine(), ownMachine())
})
