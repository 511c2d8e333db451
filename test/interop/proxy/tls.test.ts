/** TLS before the proxy and behind it, with certificates that are renewed while it runs. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { serve } from '../../../src/http/index.ts'
import { kernelHost } from '../../../src/kernel/index.ts'
import { createAuthority, issue, tlsHost } from '../../../src/tls/index.ts'
import { needCommand } from '../../need.ts'
import { folder, freePort, reticleProxy } from './world.ts'

const run = promisify(execFile)

test('https in front by HTTP/2, https behind by a private authority, renewed at SIGHUP', {
  skip: needCommand('curl'),
}, async (t) => {
  const authority = createAuthority('proxy test')
  const path = folder(t)
  const write = (name: string, text: string | Uint8Array) => writeFileSync(join(path, name), text)
  const renew = (...names: readonly string[]) => {
    const { certificate, key } = issue(authority, names)
    write('cert.pem', certificate as string)
    write('key.pem', key as string)
  }
  write('ca.pem', authority.certificate as string)
  renew('shop.example')
  const app = await serve(
    tlsHost(kernelHost(), { server: { certificates: issue(authority, ['localhost']) } }),
    (e) => e.reply(200, [], `${e.header('x-forwarded-proto')} ${e.version} ${e.path}`),
    { address: '127.0.0.1', port: 0 },
  )
  t.after(() => app.close())
  const port = await freePort()
  write(
    'proxy.json',
    `{ "listen": { "at": "${port}", "tls": { "certificate": "cert.pem", "key": "key.pem" } }, "log": "none",
      "routes": [
        { "path": "/untrusted", "to": "https://localhost:${app.local.port}" },
        { "scheme": "http", "redirect": "https://shop.example/" },
        { "scheme": "https", "to": "https://localhost:${app.local.port}", "tls": { "trust": "ca.pem" } } ] }`,
  )
  const { program } = await reticleProxy(t, join(path, 'proxy.json'))
  const curl = async (name: string, target: string) => {
    const how = [
      '-sS',
      '--cacert',
      join(path, 'ca.pem'),
      '--resolve',
      `${name}:${port}:127.0.0.1`,
      '-w',
      ' %{http_version} %{http_code}',
    ]
    const { stdout } = await run('curl', [...how, `https://${name}:${port}${target}`])
    return stdout
  }
  assert.match(await curl('shop.example', '/a'), /^https HTTP\/[\d.]+ \/a 2 200$/)
  assert.match(await curl('shop.example', '/untrusted'), /could not be trusted\n 2 502$/)
  await assert.rejects(curl('new.example', '/'), /SSL|certificate/)
  renew('new.example')
  let from = program.output.length
  program.child.kill('SIGHUP')
  await program.printed(/read again/, from)
  assert.match(await curl('new.example', '/b'), /^https HTTP\/[\d.]+ \/b 2 200$/)
  // A key that is not of the certificate changes nothing.
  write('key.pem', issue(authority, ['x.example']).key as string)
  from = program.output.length
  program.child.kill('SIGHUP')
  await program.printed(/goes on as before: .*key/, from)
  assert.match(await curl('new.example', '/c'), / 200$/)
})
