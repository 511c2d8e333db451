/** A whole site whose clients leave: nothing is logged as the site's fault, and nothing stays open. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settle } from '../../../src/http/trial/machine.ts'
import { app } from '../../../src/web/index.ts'
import { world } from './world.ts'

test('clients that leave are no errors of the site, and its generators let go', async () => {
  const logged: unknown[] = []
  let open = 0
  let opened = 0
  const site = app({ hosts: ['localhost'], log: (entry) => void logged.push(entry) })
  site.post('/form', async (c) => {
    await c.body.form()
    return c.text('thanks')
  })
  site.get('/wait', async (c) => {
    await new Promise((_, reject) => c.signal.addEventListener('abort', () => reject(c.signal.reason)))
    return c.text('never')
  })
  site.get('/events', (c) =>
    c.stream(
      (async function* () {
        open++
        opened++
        try {
          yield 'data: 1\n\n'
          await new Promise((resolve) => c.signal.addEventListener('abort', resolve))
        } finally {
          open--
        }
      })(),
      { type: 'text/event-stream' },
    ),
  )
  const { open: connect, server } = await world(site.handle)
  const form = `Content-Type: application/x-www-form-urlencoded\r\nSec-Fetch-Site: same-origin\r\nContent-Length: 100\r\n\r\na=b`
  const requests = [
    `POST /form HTTP/1.1\r\nHost: localhost\r\n${form}`,
    'GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\n',
    'GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n',
  ]
  for (const request of requests)
    for (const reset of [true, false]) {
      const raw = await connect()
      await raw.send(request)
      if (reset) raw.connection.reset()
      else raw.connection.close()
      await settle()
    }
  assert.equal(server.connections, 0)
  assert.deepEqual(logged, [])
  assert.deepEqual([open, opened], [0, 2])
})
