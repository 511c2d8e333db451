import assert from 'node:assert/strict'
import { RecordingLog } from '../base/events.ts'
import { work } from '../base/work.ts'
import { atomic, countQueries } from './index.ts'
import { machine, makeUser, modelTest, NOON, Post, User } from './trial/fixture.ts'

modelTest('what a request asks of the database is reported under its id', async () => {
  const ada = await makeUser()
  const events = new RecordingLog()
  let now = 1000
  const ticking = {
    ...machine,
    name: 'web',
    clock: { ...machine.clock, now: () => (now += 5), wallMillis: () => NOON + 60_000 },
  }
  const made = await work.run({ machine: ticking, events, exchange: 7 }, async () => {
    assert.equal((await User.get({ id: ada.id })).name, 'Ada')
    const post = await atomic(() => Post.create({ slug: 's', title: 't', body: '', author: ada }))
    return post
  })
  assert.equal(made.created.getTime(), NOON + 60_000) // the clock of the machine that answers, not the database's
  const seen = events.events.map((event) => ({
    ...event,
    sql: 'sql' in event ? String(event.sql).split(' ')[0] : undefined,
  }))
  assert.deepEqual(seen, [
    { type: 'models.sql', at: 1010, host: 'web', exchange: 7, sql: 'select', rows: 1, duration: 10 },
    { type: 'models.sql', at: 1025, host: 'web', exchange: 7, sql: 'insert', rows: 1, duration: 10 },
  ])
})

modelTest('queries are counted, those inside counts too', async () => {
  const outer = await countQueries(async () => {
    await User.count()
    return (await countQueries(() => User.all())).queries
  })
  assert.deepEqual([outer.result, outer.queries], [1, 2])
  assert.match(outer.statements[0]!, /^select count/)
})
