/** Several sites and several databases in one process. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testMachine } from '../../http/trial/machine.ts'
import { atomic, connect, createTables, f, Model, openDatabase, withDatabase } from '../../models/index.ts'
import { testClient } from '../testing/client.ts'
import { app } from './app.ts'

class Note extends Model {
  id = f.id()
  text = f.text(80)
}

class Visit extends Model {
  id = f.id()
  path = f.text(80)
}

const machine = testMachine()

async function notebook(options: object = {}) {
  const site = app({ db: 'sqlite::memory:', models: [Note], machine, ...options })
  await site.createTables()
  site.post('/notes/{text}', async (c) => {
    await Note.create({ text: c.params.text })
    return c.empty()
  })
  site.post('/both/{text}', async (c) => {
    await atomic(async () => {
      await Note.create({ text: c.params.text })
      await Note.create({ text: `${c.params.text} again` })
    })
    return c.empty()
  })
  site.get('/notes', async () => (await Note.all().orderBy('id')).map(({ text }) => text))
  // Rows that are read while the reply is under way, and after it.
  site.get('/streamed', async function* () {
    yield 'notes: '
    for await (const { text } of Note.all()) yield text
  })
  const torn: number[] = []
  site.teardown(async () => void torn.push(await Note.count()))
  return { site, web: testClient(site), torn }
}

test('two sites that share a model keep their rows apart', async () => {
  const one = await notebook()
  const two = await notebook()
  await one.web.post('/notes/first')
  await two.web.post('/both/second')
  assert.deepEqual((await one.web.get('/notes')).json(), ['first'])
  assert.deepEqual((await two.web.get('/notes')).json(), ['second', 'second again'])
  assert.equal((await one.web.get('/streamed')).text, 'notes: first')
  assert.equal(one.torn.at(-1), 1, 'teardown hooks run inside as well')
  assert.equal(await Note.count(), 2, 'outside of any site the last connection holds')
  assert.equal(await withDatabase(one.site.database!, () => Note.count()), 1)
})

test('sites of different models are not in each other\u2019s way, atomic() included', async () => {
  const notes = await notebook()
  const visits = app({ db: 'sqlite::memory:', models: [Visit], machine })
  await visits.createTables()
  assert.equal((await notes.web.post('/both/a')).status, 204)
  assert.deepEqual((await notes.web.get('/notes')).json(), ['a', 'a again'])
})

test('a model of a second database stays there, in the site and in its transactions', async () => {
  const log = openDatabase('sqlite::memory:', { machine })
  connect(log, [Visit])
  await createTables(log, [Visit])
  const { site, web } = await notebook()
  site.get('/visit', async () => {
    await atomic(async () => {
      await Visit.create({ path: '/visit' })
      await Note.create({ text: 'somebody was here' })
    })
    return { visits: await Visit.count(), notes: await Note.count() }
  })
  assert.deepEqual((await web.get('/visit')).json(), { visits: 1, notes: 1 })
})

test('a mounted site has its own database, or that of the site around', async () => {
  const outer = await notebook()
  const inner = await notebook()
  const bare = app({ machine })
  bare.get('/count', async () => ({ notes: await Note.count() }))
  outer.site.mount('/inner', inner.site)
  outer.site.mount('/bare', bare)
  await outer.web.post('/notes/outer')
  await outer.web.post('/inner/both/inner')
  assert.deepEqual((await outer.web.get('/notes')).json(), ['outer'])
  assert.deepEqual((await outer.web.get('/inner/notes')).json(), ['inner', 'inner again'])
  assert.deepEqual((await outer.web.get('/bare/count')).json(), { notes: 1 })
})
