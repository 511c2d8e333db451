import assert from 'node:assert/strict'
import test from 'node:test'
import { Client } from 'reticle/http'
import { kernelHost } from 'reticle/kernel'
import { serveEchoHttp } from './main.ts'

test('says what it was asked, echoes bodies, parses cookies, traces, and tunnels to itself only', async () => {
  const host = kernelHost()
  const server = await serveEchoHttp(host, { address: '127.0.0.1', port: 0 })
  const { port } = server.local
  const url = `http://127.0.0.1:${port}`
  const client = new Client(host)
  const ask = async (path: string, options: Parameters<Client['request']>[1] = {}) => {
    const reply = await client.request(`${url}${path}`, options)
    return { status: reply.status, text: await reply.body.text() }
  }
  try {
    for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'QUERY', 'FOO']) {
      const fields = ['X-Twice', 'a', 'X-Twice', '\xe9']
      const said = JSON.parse((await ask('/a%20b?c=d', { method, fields, body: method === 'GET' ? null : 'ü' })).text)
      assert.deepEqual([said.method, said.target, said.version], [method, '/a%20b?c=d', 'HTTP/1.1'])
      assert.deepEqual(
        said.headers.filter(([name]: string[]) => name === 'X-Twice'),
        [
          ['X-Twice', 'a'],
          ['X-Twice', '\xe9'],
        ],
      )
      assert.equal(said.body, method === 'GET' ? '' : 'w7w=')
    }
    assert.equal((await ask('/echo', { method: 'POST', body: 'as it came' })).text, 'as it came')
    const cookies = await ask('/cookie', { fields: ['Cookie', 'a=1; __proto__=2'] })
    assert.deepEqual(Object.entries(JSON.parse(cookies.text)), [
      ['a', '1'],
      ['__proto__', '2'],
    ])
    assert.match((await ask('/x', { method: 'TRACE' })).text, /^TRACE \/x HTTP\/1.1\r\n/)
    const tunnelled = new Client(host, { proxy: { url, tunnel: true } })
    assert.equal((await tunnelled.request(`${url}/through`)).status, 200)
    await assert.rejects(tunnelled.request('http://127.0.0.1:1/'), { reason: 'tunnel', message: /403/ })
    tunnelled.close()
  } finally {
    client.close()
    await server.close()
  }
})
