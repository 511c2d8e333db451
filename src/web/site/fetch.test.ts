/** The site as a function, as runtimes and other frameworks call it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testMachine } from '../../http/trial/machine.ts'
import { quiet } from '../trial/fixture.ts'
import { app } from './app.ts'

function site() {
  const made = app({ machine: testMachine('its own') })
  made.get('/', (c) => `${c.machine.name} ${c.remote.address}:${c.remote.port}`)
  return made
}
const ask = async (second?: unknown) => (await site().fetch(new Request('http://localhost/'), second as object)).text()
const HERE = '127.0.0.1:49152'

test('a machine and an address are taken, each by itself', async () => {
  assert.equal(await ask(), `its own ${HERE}`)
  assert.equal(await ask({}), `its own ${HERE}`)
  assert.equal(await ask({ machine: testMachine('another') }), `another ${HERE}`)
  assert.equal(await ask({ remote: { address: '::1', port: 7 } }), 'its own ::1:7')
})

test('whatever else stands second is left alone', async () => {
  const others: readonly unknown[] = [
    undefined,
    null,
    7,
    'env',
    [],
    () => {},
    { waitUntil() {}, passThroughOnException() {} }, // a worker's context
    { DB: {}, machine: 'a binding of that name', remote: 'another' }, // a worker's environment
    { machine: { clock: {}, random: {}, events: {} }, remote: { address: 7, port: 'x' } },
    new Proxy({}, { get: () => assert.fail('a getter that throws') }),
    { requestIP: () => null },
    { requestIP: () => assert.fail('no socket any more') },
    { remoteAddr: { transport: 'unix', path: '/run/x' } },
  ]
  for (const second of others) assert.equal(await ask(second), `its own ${HERE}`)
})

test('the address of the client comes from the runtimes that know it', async () => {
  const local = '127.0.0.2'
  assert.equal(await ask({ remoteAddr: { transport: 'tcp', hostname: local, port: 9 } }), `its own ${local}:9`)
  const server = {
    ip: { address: local, port: 9, family: 'IPv4' },
    requestIP(request: Request) {
      assert.ok(request instanceof Request)
      return this.ip
    },
  }
  assert.equal(await ask(server), `its own ${local}:9`)
})

test('fetch and handle are used without this, as `export default site` is', async () => {
  const { fetch } = site()
  assert.equal((await fetch(new Request('http://localhost/'))).status, 200)
})

test('a site whose routes are in each other\u2019s way says so in the log of every request', async () => {
  const { site: made, failures } = quiet()
  made.get('/a', () => 'one')
  made.get('/a', () => 'two')
  for (let i = 1; i <= 2; i++) {
    assert.equal((await made.fetch(new Request('http://localhost/a'))).status, 500)
    assert.equal(failures.length, i)
    assert.match(String(failures[i - 1]!.error), /has two handlers/)
  }
})

test('what escapes a bare handler is logged with the path', async () => {
  const { site: made, failures } = quiet()
  made.mount('/raw', () => {
    throw new Error('raw failed')
  })
  assert.equal((await made.fetch(new Request('http://localhost/raw/x'))).status, 500)
  assert.equal(failures.length, 1)
})
