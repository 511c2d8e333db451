/** Which route answers, and when a proxy of before goes on. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { serve } from '../../http/index.ts'
import { TestNetwork } from '../../http/trial/network.ts'
import { RawClient } from '../../http/trial/raw.ts'
import { createAuthority } from '../../tls/index.ts'
import { type Config, readConfig } from './config.ts'
import { Routes } from './routes.ts'

function configOf(value: unknown): Config {
  const read = readConfig(JSON.stringify(value))
  if ('faults' in read) assert.fail(JSON.stringify(read.faults))
  return read.config
}

test('a route is met by every way to write its path', async () => {
  const config = configOf({
    routes: [
      { path: '/admin', respond: 'closed', status: 403 },
      { path: '/', respond: 'open' },
    ],
  })
  const network = new TestNetwork()
  const host = network.host('proxy', '10.0.0.1')
  const routes = new Routes(host, config, '/', () => {})
  const server = await serve(host, (exchange) => routes.handle(exchange), { port: 80 })
  const status = async (path: string) => {
    const client = await RawClient.open(network.host('client', '10.0.0.2'), server.local)
    return (await client.send(`GET ${path} HTTP/1.1\r\nHost: shop.example\r\n\r\n`)).slice(9, 12)
  }
  for (const path of [
    'admin',
    'admin/',
    'admin/x',
    '/admin',
    './admin',
    '././/admin/x',
    '%61dmin',
    '%2Fadmin',
    '%2e/admin',
  ])
    assert.equal(await status(`/${path}`), '403', path)
  for (const path of ['', '/', '.', 'admins', 'x/admin', '.admin', '%2561dmin', 'admin.', '%c3%a4dmin'])
    assert.equal(await status(`/${path}`), '200', path)
})

test('a new file goes on with a proxy of before as long as the authorities are the same, too', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'reticle-routes-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'trust.pem')
  const write = (name: string) => writeFileSync(path, String(createAuthority(name).certificate))
  const config = configOf({ routes: [{ to: ['https://10.0.0.9'], tls: { trust: ['trust.pem'] } }] })
  const host = new TestNetwork().host('proxy', '10.0.0.1')
  const next = (before: Routes | null) => new Routes(host, config, folder, () => {}, before)
  write('one')
  const first = next(null)
  const second = next(first)
  assert.equal([...second.proxies][0], [...first.proxies][0])
  write('another')
  const third = next(second)
  assert.notEqual([...third.proxies][0], [...second.proxies][0])
  for (const routes of [first, second, third]) routes.end()
})
