/** `reticle proxy` under load, while its file is changed again and again: no request is lost. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { Agent, createServer, type IncomingMessage, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { folder, freePort, reticleProxy } from './world.ts'

async function upstream(t: TestContext, name: string, held: (() => void)[]): Promise<number> {
  const server: Server = createServer((asked, reply) => {
    if (asked.url === '/long') {
      reply.write('begin ')
      held.push(() => reply.end(`end of ${name}`))
    } else if (asked.method === 'POST') {
      let bytes = 0
      asked.on('data', (piece: Buffer) => (bytes += piece.length))
      asked.on('end', () => reply.end(`${name} ${bytes}`))
    } else reply.end(name)
  })
  server.keepAliveTimeout = 60_000
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

interface Got {
  readonly status: number
  readonly text: string
}

function ask(
  port: number,
  path: string,
  agent: Agent,
  body = '',
  onReply: (reply: IncomingMessage) => void = () => {},
): Promise<Got> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, agent, method: body === '' ? 'GET' : 'POST' }, (reply) => {
      let text = ''
      onReply(reply)
      reply.setEncoding('utf8').on('data', (piece: string) => (text += piece))
      reply.on('end', () => resolve({ status: reply.statusCode!, text }))
      reply.on('error', reject)
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

test('constant load over twelve reloads: nothing fails, long requests survive, and the end is in order', async (t) => {
  const held: (() => void)[] = []
  const [one, two] = [await upstream(t, 'one', held), await upstream(t, 'two', held)]
  const path = join(folder(t), 'proxy.json')
  const [port, other] = [await freePort(), await freePort()]
  const write = (to: number, ...more: readonly string[]) =>
    writeFileSync(
      path,
      `{ "listen": ["${port}"${more.map((place) => `, "${place}"`).join('')}], "routes": [{ "to": "http://127.0.0.1:${to}" }] } // ${to}`,
    )
  write(one)
  const { program } = await reticleProxy(t, path, '--log', 'none')
  const agent = new Agent({ keepAlive: true })
  const bare = new Agent({ keepAlive: false })
  t.after(() => {
    agent.destroy()
    bare.destroy()
  })

  let stopped = false
  const answers = new Map<string, number>()
  const failures: string[] = []
  const load = async (by: Agent, body: string) => {
    while (!stopped) {
      const got = await ask(port, '/', by, body).catch((error: Error) => ({ status: 0, text: error.message }))
      if (got.status !== 200) failures.push(`${got.status} ${got.text}`)
      answers.set(got.text, (answers.get(got.text) ?? 0) + 1)
    }
  }
  const loads = [load(agent, ''), load(agent, ''), load(agent, 'x'.repeat(100_000)), load(bare, ''), load(bare, 'y')]
  // A reply that lasts over all reloads.
  const begun = Promise.withResolvers<void>()
  const long = ask(port, '/long', agent, '', (reply) => reply.once('data', () => begun.resolve()))
  await begun.promise
  for (let i = 0; i < 12; i++) {
    if (i === 5) writeFileSync(path, '{ "listen": [')
    else if (i % 2 === 0) write(two, String(other))
    else write(one)
    const from = program.output.length
    program.child.kill('SIGHUP')
    const [line] = await program.printed(/read again.*\n|goes on as before.*\n/, from)
    assert.equal(/goes on as before/.test(line), i === 5, line)
    if (i === 0) assert.equal((await ask(other, '/', bare)).text, 'two')
    const before = [...answers.values()].reduce((a, b) => a + b, 0)
    while ([...answers.values()].reduce((a, b) => a + b, 0) < before + 20)
      await new Promise((resolve) => setImmediate(resolve))
  }
  stopped = true
  await Promise.all(loads)
  assert.deepEqual(failures, [])
  assert.ok((answers.get('one') ?? 0) > 0 && (answers.get('two') ?? 0) > 0)
  assert.ok((answers.get('one 100000') ?? 0) > 0 && (answers.get('two 1') ?? 0) > 0)
  const from = program.output.length
  program.child.kill('SIGUSR1')
  const [, reloads] = await program.printed(/reloads (\d+), failed 1\n/, from)
  assert.equal(reloads, '11')
  // What is under way is answered, though the process is to end.
  program.child.kill('SIGTERM')
  for (const end of held) end()
  assert.deepEqual(await long, { status: 200, text: 'begin end of one' })
  const [code] = program.child.exitCode === null ? await once(program.child, 'exit') : [program.child.exitCode]
  assert.equal(code, 0, program.output)
})

test('a file that changes is read by itself, a wrong one is left aside', async (t) => {
  const held: (() => void)[] = []
  const [one, two] = [await upstream(t, 'one', held), await upstream(t, 'two', held)]
  const path = join(folder(t), 'proxy.json')
  const port = await freePort()
  const write = (to: number) =>
    writeFileSync(path, `{ "listen": "${port}", "routes": [{ "to": "http://127.0.0.1:${to}" }] }`)
  write(one)
  const { program } = await reticleProxy(t, path, '--watch')
  const agent = new Agent({ keepAlive: true })
  t.after(() => agent.destroy())
  assert.equal((await ask(port, '/', agent)).text, 'one')
  let from = program.output.length
  writeFileSync(path, '{ "routes": 5 }')
  await program.printed(/proxy\.json:1:\d+: .*\n.*goes on as before/, from)
  assert.equal((await ask(port, '/', agent)).text, 'one')
  from = program.output.length
  write(two)
  await program.printed(/read again/, from)
  assert.equal((await ask(port, '/', agent)).text, 'two')
  await program.printed(/"GET \/ HTTP\/1.1" 200 3 http:\/\/127.0.0.1:\d+/)
})
