/** Several sites and several databases in one process. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testMachine } from '../../http/trial/machine.ts'
import { atomic, createTables, Databases, f, Model, onCommit, openDatabase } from '../../models/index.ts'
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
  assert.equal(await one.site.run(() => Note.count()), 1)
  assert.equal(await two.site.run(() => Note.count()), 2)
  await assert.rejects(async () => await Note.count(), /no database surrounds this code/)
})

test('sites of different models are not in each other\u2019s way, atomic() included', async () => {
  const notes = await notebook()
  const visits = app({ db: 'sqlite::memory:', models: [Visit], machine })
  await visits.createTables()
  assert.equal((await notes.web.post('/both/a')).status, 204)
  assert.deepEqual((await notes.web.get('/notes')).json(), ['a', 'a again'])
})

test('a model of a second database is reached by saying so, and never falls out of a transaction silently', async () => {
  const log = openDatabase('sqlite::memory:', { machine })
  await createTables(log, [Visit])
  const failures: string[] = []
  const { site, web } = await notebook({ log: ({ error }: { error: Error }) => failures.push(error.message) })
  const visits = new Databases([[log, [Visit]]])
  site.get('/visit', async () => {
    await atomic(async () => {
      await visits.run(() => Visit.create({ path: '/visit' }))
      await Note.create({ text: 'somebody was here' })
    })
    return { visits: await visits.run(() => Visit.count()), notes: await Note.count() }
  })
  site.get('/unsaid', async () => ({ visits: await Visit.count() }))
  assert.deepEqual((await web.get('/visit')).json(), { visits: 1, notes: 1 })
  assert.equal((await web.get('/unsaid')).status, 500)
  assert.match(failures[0]!, /no database is known for the model Visit/)
})

test('a callback of onCommit that fails is in the log of the site, and the reply is as it was', async () => {
  const failures: string[] = []
  const { site, web } = await notebook({
    log: ({ error, path, route }: { error: Error; path: string; route: string }) =>
      failures.push(`${path} ${route}: ${error.message}`),
  })
  site.post('/mailed', async (c) => {
    await atomic(async () => {
      await Note.create({ text: 'kept' })
      onCommit(async () => {
        throw new Error('SMTP is down')
      })
    })
    return c.empty()
  })
  assert.equal((await web.post('/mailed')).status, 204)
  assert.deepEqual((await web.get('/notes')).json(), ['kept'])
  assert.deepEqual(failures, ['/mailed a callback of onCommit(): SMTP is down'])
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
