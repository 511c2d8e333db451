import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testMachine } from '../../http/trial/machine.ts'
import { TestNetwork } from '../../http/trial/network.ts'
import { atomic, f, Model } from '../../models/index.ts'
import { testClient } from '../testing/client.ts'
import { quiet } from '../trial/fixture.ts'
import { app } from './app.ts'
import { LIFE, Life, type LifeState } from './lifecycle.ts'
import { currentSite } from './site.ts'

test('the states follow each other as the table says, and no other way', async () => {
  const reachable = new Set<LifeState>(['new'])
  for (const state of reachable) for (const next of LIFE[state]) reachable.add(next)
  assert.deepEqual([...reachable].sort(), Object.keys(LIFE).sort())
  assert.deepEqual(LIFE.closed, [], 'nothing follows the end')
  const life = new Life()
  const seen: string[] = []
  life.onStart(async () => void seen.push(`start ${life.state}`))
  life.onStop(() => void seen.push(`stop one ${life.state}`))
  life.onStop(async () => void seen.push('stop two'))
  await Promise.all([life.start(), life.start()])
  assert.equal(life.state, 'started')
  await Promise.all([life.close(), life.close()])
  assert.equal(life.state, 'closed')
  assert.deepEqual(seen, ['start starting', 'stop two', 'stop one closing'])
  await assert.rejects(life.start(), /is closed/)
  assert.throws(() => life.onStart(() => {}), /was closed already/)
  assert.throws(() => life.onStop(() => {}), /was closed already/)
})

test('a start that fails is tried again; a stop that fails hurts no other', async () => {
  const life = new Life()
  let tries = 0
  life.onStart(() => {
    if (++tries === 1) throw new Error('not yet')
  })
  let stopped = false
  life.onStop(() => {
    stopped = true
  })
  life.onStop(async () => {
    throw new Error('stop failed')
  })
  await assert.rejects(life.start(), /not yet/)
  assert.equal(life.state, 'new')
  await life.start()
  await assert.rejects(life.close(), /stop failed/)
  assert.equal(stopped, true)
  assert.equal(life.state, 'closed')
})

test('requests wait for the start; a site that cannot start, or is closed, answers 503', async () => {
  const { site, web, failures } = quiet()
  let ready = false
  let fails = true
  site.onStart(async () => {
    if (fails) throw new Error('the store is away')
    await null
    ready = true
    assert.equal(currentSite(), site)
  })
  site.get('/', () => `${ready}`)
  const refused = await web.get('/')
  assert.equal(refused.status, 503)
  assert.doesNotMatch(refused.text, /store/)
  assert.match(String(failures[0]!.error), /the store is away/)
  fails = false
  assert.deepEqual(
    (await Promise.all([web.get('/'), web.get('/')])).map(({ text }) => text),
    ['true', 'true'],
  )
  await site.close()
  assert.equal((await web.get('/')).status, 503)
})

test('a site without anything to start answers at once', async () => {
  const { site, web } = quiet()
  site.get('/', () => 'x')
  assert.equal((await web.get('/')).text, 'x')
  await site.close()
})

class Note extends Model {
  id = f.id()
  text = f.text(80)
}

test('closing a site closes its servers, then what it opened; await using does so', async () => {
  const order: string[] = []
  const network = new TestNetwork()
  const site = app({ machine: testMachine(), db: 'sqlite::memory:', models: [Note] })
  await site.createTables()
  site.onStop(async () => void order.push(`notes ${await Note.count()}`))
  site.get('/', () => 'x')
  const server = await site.serve(network.host('server', '10.0.0.1'), { port: 80 })
  assert.equal(server.connections, 0)
  await site.run(() => atomic(() => Note.create({ text: 'a' })))
  await site[Symbol.asyncDispose]()
  assert.deepEqual(order, ['notes 1'], 'the database is open until everything has stopped')
  await assert.rejects(
    site.run(() => Note.count()),
    /not open|closed/,
  )
})

test('a string for a port is refused with the line that PORT needs', async () => {
  const { site } = quiet()
  await assert.rejects(
    site.serve(new TestNetwork().host('server', '10.0.0.1'), { port: '3000' as never }),
    /a port is a number from 0 to 65535, not the string '3000': write Number\(process\.env\.PORT\)/,
  )
})

test('a signature of the site is for one purpose, and ages by its clock', async () => {
  const { site } = quiet({ secret: 'a secret of more than thirty-two characters' })
  const reset = site.signer('password reset')
  const signed = reset.sign('7')
  assert.equal(reset.verify(signed), '7')
  assert.equal(site.signer('password reset').verify(signed), '7')
  assert.equal(site.signer('download').verify(signed), null)
  assert.equal(reset.verify(`${signed}x`), null)
  assert.throws(() => quiet().site.signer('x'), { name: 'SecretError' })
  assert.equal((await testClient(site).get('/')).status, 404)
})
