import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Schedule, type Task } from './schedule.ts'

const nothing: Task = { run() {} }

test('equal times come in the order of arrangement', () => {
  const schedule = new Schedule()
  for (let i = 0; i < 100; i++) schedule.add(5, nothing, i)
  schedule.add(4, nothing, 'first')
  assert.equal(schedule.next(), 4)
  const order: unknown[] = []
  while (schedule.take()) order.push(schedule.argument)
  assert.deepEqual(order, ['first', ...Array.from({ length: 100 }, (_, i) => i)])
  assert.equal(schedule.next(), Number.POSITIVE_INFINITY)
})

test('any mix of add, take, remove and move agrees with a sorted list', () => {
  const call = fc.record({
    kind: fc.constantFrom('add', 'add', 'take', 'remove', 'move'),
    time: fc.nat(20),
    pick: fc.nat(),
  })
  fc.assert(
    fc.property(fc.array(call, { maxLength: 300 }), (calls) => {
      const schedule = new Schedule()
      let model: { time: number; seq: number; slot: number; id: number }[] = []
      let seq = 0
      for (const { kind, time, pick } of calls) {
        const entry = model[pick % (model.length || 1)]
        if (kind === 'add') {
          const id = seq
          model.push({ time, seq: seq++, slot: schedule.add(time, nothing, id), id })
        } else if (kind === 'take') {
          model.sort((a, b) => a.time - b.time || a.seq - b.seq)
          const first = model.shift()
          assert.equal(schedule.take(), first !== undefined)
          if (first) assert.deepEqual([schedule.when, schedule.argument], [first.time, first.id])
        } else if (entry && kind === 'remove') {
          schedule.remove(entry.slot)
          model = model.filter((other) => other !== entry)
        } else if (entry) {
          schedule.move(entry.slot, time)
          entry.time = time
          entry.seq = seq++
          assert.equal(schedule.time(entry.slot), time)
        }
        assert.equal(schedule.size, model.length)
      }
      model.sort((a, b) => a.time - b.time || a.seq - b.seq)
      for (const { id } of model) {
        assert.ok(schedule.take())
        assert.equal(schedule.argument, id)
      }
    }),
  )
})
