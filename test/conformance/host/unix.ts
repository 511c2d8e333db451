/** What is particular to Unix sockets: files, names, credentials, datagrams, pairs. */
import assert from 'node:assert/strict'
import { existsSync, linkSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PathAddress } from '../../../src/socket/address.ts'
import type { Host, PathDatagrams } from '../../../src/socket/host.ts'
import { rejected } from './opening.ts'
import { Door, encode, Recorder, shut } from './recorder.ts'
import type { Scenario, World } from './world.ts'

/** Turns a kernel world into one whose streams are Unix sockets, each in a file of its own. */
export function atPaths(world: World): World {
  const folder = mkdtempSync(join(tmpdir(), 'reticle-unix-'))
  let next = 0
  return {
    ...world,
    softReset: true,
    place: () => ({ path: join(folder, `${next++}.sock`) }),
    async close() {
      await world.close()
      const left = readdirSync(folder).filter((name) => name.endsWith('.sock'))
      rmSync(folder, { recursive: true })
      assert.deepEqual(left, [], 'what was bound is removed when it is closed')
    },
  }
}

export function fileScenarios(scenario: Scenario): void {
  scenario('both ends know the path, and a client has no name', async (world) => {
    const at = world.place!()
    const door = await Door.open(world.server, at)
    assert.deepEqual(door.listener.local, at)
    const client = Recorder.on(await world.client.connect(at))
    const server = Recorder.on(await door.next())
    assert.deepEqual([client.connection.local, client.connection.remote], [{ path: '' }, at])
    assert.deepEqual([server.connection.local, server.connection.remote], [at, { path: '' }])
    await shut({ door, client, server })
  })

  scenario('the file goes with the listener, at once', async (world) => {
    const at = world.place!()
    const door = await Door.open(world.server, at)
    const closing = door.listener.close()
    assert.equal(existsSync(at.path), false)
    await closing
    await rejected('ENOENT', world.client.connect(at))
  })

  const kept = async (world: World): Promise<void> => {
    const at = world.place!()
    const other = await Door.open(world.server, at)
    rmSync(at.path)
    const third = await Door.open(world.server, at)
    await other.listener.close()
    assert.ok(existsSync(at.path), 'the file of another is not touched')
    await third.listener.close()
  }
  scenario('the file of another that has taken its place stays', kept, 'pair')

  scenario('who listens where somebody listens already is refused, whatever is asked for', async (world) => {
    const at = world.place!()
    const door = await Door.open(world.server, at)
    await assert.rejects(Door.open(world.server, at, { removeStale: true }), /EADDRINUSE.*another socket is open there/)
    const client = Recorder.on(await world.client.connect(at))
    for (;;) {
      // The probe of who had been refused was accepted, too.
      const server = Recorder.on(await door.next())
      client.write('x')
      await server.until(() => server.received > 0 || server.ended)
      if (server.received > 0) return await shut({ door, client, server })
    }
  })

  scenario('a file that was left behind is named in the error, and removed where that is asked for', async (world) => {
    const at = world.place!()
    await leaveBehind(at)
    await rejected('ECONNREFUSED', world.client.connect(at))
    await assert.rejects(
      Door.open(world.server, at),
      /EADDRINUSE.*left behind by a process that was killed.*removeStale/,
    )
    const door = await Door.open(world.server, at, { removeStale: true })
    await door.listener.close()
    writeFileSync(at.path, 'precious')
    await assert.rejects(Door.open(world.server, at, { removeStale: true }), /EADDRINUSE.*is not a socket/)
    rmSync(at.path)
  })

  scenario('the file has the permission bits that were asked for', async (world) => {
    for (const mode of [0o600, 0o660, 0o777]) {
      const at = world.place!()
      const door = await Door.open(world.server, at, { mode })
      assert.equal(statSync(at.path).mode & 0o777, mode)
      await door.listener.close()
    }
  })

  scenario('a folder where nobody may write, or that is not there, refuses with its own error', async (world) => {
    const { path } = world.place!()
    // libuv answers EACCES for a folder that is not there.
    await assert.rejects(Door.open(world.server, { path: `${path}/missing/x.sock` }), /listen (ENOENT|EACCES): [^:]*$/)
    await rejected('EINVAL', Door.open(world.server, { path: '' }))
    await rejected('EINVAL', Door.open(world.server, { path: '/tmp/a\0b' }))
    await rejected('ENAMETOOLONG', Door.open(world.server, { path: `/tmp/${'x'.repeat(120)}` }))
    await rejected('ENAMETOOLONG', world.client.connect({ path: `/tmp/${'é'.repeat(60)}` }))
  })

  scenario('a connect that was aborted before it began is refused', async (world) => {
    const at = world.place!()
    const door = await Door.open(world.server, at)
    await rejected('ECANCELED', world.client.connect(at, { signal: AbortSignal.abort() }))
    await door.listener.close()
  })

  scenario('names of the abstract name space need no file', async (world) => {
    const at = { path: `\0reticle-test-${process.pid}-${Math.random()}` }
    const door = await Door.open(world.server, at)
    assert.deepEqual(door.listener.local, at)
    await rejected('EADDRINUSE', Door.open(world.server, at))
    const client = Recorder.on(await world.client.connect(at))
    const server = Recorder.on(await door.next())
    client.write('hello')
    await server.until(() => server.text === 'hello')
    await shut({ door, client, server })
    await rejected('ECONNREFUSED', world.client.connect(at))
  })

  scenario('options of IP are refused, those of every socket are there', async (world) => {
    await rejected('ENOPROTOOPT', Door.open(world.server, world.place!(), { options: { TCP_NODELAY: 1 } }))
    await rejected('ENOPROTOOPT', world.client.connect(world.place!(), { options: { IP_TTL: 9 } }))
  })

  scenario(
    'the kernel says who is on the other side',
    async (world) => {
      const at = world.place!()
      const door = await Door.open(world.server, at)
      const client = Recorder.on(await world.client.connect(at))
      const server = Recorder.on(await door.next())
      const me = { pid: process.pid, uid: process.getuid!(), gid: process.getgid!() }
      assert.deepEqual(server.connection.getOption('SO_PEERCRED'), me)
      assert.deepEqual(client.connection.getOption('SO_PEERCRED'), me)
      assert.throws(() => server.connection.setOption('SO_PEERCRED', 1), { code: 'ENOPROTOOPT' })
      assert.throws(() => server.connection.getOption('TCP_INFO'), { code: 'ENOPROTOOPT' })
      await shut({ door, client, server })
    },
    'SO_PEERCRED',
  )
}

/** The file of a server that was killed. */
async function leaveBehind({ path }: PathAddress): Promise<void> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(`${path}.tmp`, resolve))
  linkSync(`${path}.tmp`, path)
  await new Promise((resolve) => server.close(resolve))
}

/** Those that need FFI. */
export function pairScenarios(scenario: Scenario): void {
  scenario(
    'a pair of streams: bytes both ways, ends, no names',
    async (world) => {
      const [left, right] = (await world.server.pair!()).map((connection) => Recorder.on(connection))
      assert.deepEqual(left!.connection.local, { path: '' })
      left!.write('ping')
      await right!.until(() => right!.text === 'ping')
      right!.write('pong')
      right!.call((c) => c.end())
      await left!.until(() => left!.ended)
      assert.equal(left!.text, 'pong')
      left!.call((c) => c.close())
      await Promise.all([left, right].map((end) => end!.until(() => end!.closed)))
    },
    'pair',
  )

  scenario(
    'datagrams by path: who has sent is known and answered, and who has no name is not',
    async (world) => {
      const [here, there] = [world.place!(), world.place!()]
      const server = await Mailbox.open(world.server, here)
      const client = await Mailbox.open(world.client, there)
      const nobody = await Mailbox.open(world.client)
      client.socket.send(encode('question'), here)
      const [question] = await server.until(1)
      assert.deepEqual(
        [question!.text, question!.from.path, question!.from.local.path],
        ['question', there.path, here.path],
      )
      server.socket.send(encode('answer'), question!.from)
      const [answer] = await client.until(1)
      assert.deepEqual([answer!.text, answer!.from.path], ['answer', here.path])
      nobody.socket.send(encode('who am I'), here)
      const stranger = (await server.until(2))[1]!
      assert.equal(stranger.from.path, '')
      assert.throws(() => server.socket.send(encode('x'), stranger.from), { code: 'EDESTADDRREQ' })
      for (const { socket } of [server, client, nobody]) socket.close()
      assert.equal(existsSync(here.path), false)
      await rejected('EINVAL', world.server.unixDatagrams!({ path: 'a\0b' }))
    },
    'pair',
  )

  scenario(
    'a peer that does not read holds up nobody else, and gets everything in order when it does',
    async (world) => {
      const [slow, quick] = [world.place!(), world.place!()]
      const sender = await Mailbox.open(world.client)
      const lazy = await world.server.unixDatagrams!(slow)
      const eager = await Mailbox.open(world.server, quick)
      const count = 100 // ten times what the kernel queues for one socket (net.unix.max_dgram_qlen)
      for (let i = 0; i < count; i++) sender.socket.send(encode(`slow ${i}`), slow)
      for (let i = 0; i < 5; i++) sender.socket.send(encode(`quick ${i}`), quick)
      assert.equal((await eager.until(5)).at(-1)!.text, 'quick 4')
      const late = new Mailbox(lazy)
      const heard = await late.until(count)
      assert.deepEqual(
        heard.map(({ text }) => text),
        Array.from({ length: count }, (_, i) => `slow ${i}`),
      )
      for (const { socket } of [sender, eager, late]) socket.close()
    },
    'pair',
  )

  scenario(
    'a datagram to nobody is told: by the call where there is no file, else by onError',
    async (world) => {
      const at = world.place!()
      const sender = await Mailbox.open(world.client)
      assert.throws(() => sender.socket.send(encode('x'), at), /ENOENT.*no socket is bound to that path/)
      const door = await Door.open(world.server, at)
      assert.throws(() => sender.socket.send(encode('x'), at), { code: 'EPROTOTYPE' })
      await door.listener.close()
      await leaveBehind(at)
      sender.socket.send(encode('x'), at)
      assert.equal((await sender.failed()).code, 'ECONNREFUSED')
      await rejected('EADDRINUSE', world.server.unixDatagrams!(at))
      const receiver = await Mailbox.open(world.server, at, { removeStale: true, mode: 0o600 })
      assert.equal(statSync(at.path).mode & 0o777, 0o600)
      await assert.rejects(world.server.unixDatagrams!(at, { removeStale: true }), /another socket is open there/)
      await sender.socket.connect(at)
      sender.socket.send(encode('found'))
      assert.equal((await receiver.until(1))[0]!.text, 'found')
      sender.socket.close()
      receiver.socket.close()
    },
    'pair',
  )

  scenario(
    'a pair of datagram sockets keeps the bounds of messages',
    async (world) => {
      const [left, right] = (await world.server.datagramPair!()).map((socket) => new Mailbox(socket))
      for (const text of ['one', '', 'three']) left!.socket.send(encode(text))
      assert.deepEqual(
        (await right!.until(3)).map(({ text }) => text),
        ['one', '', 'three'],
      )
      right!.socket.send(encode('back'))
      assert.equal((await left!.until(1))[0]!.text, 'back')
      left!.socket.close()
      right!.socket.close()
    },
    'pair',
  )
}

interface Heard {
  readonly text: string
  readonly from: PathAddress & { readonly local: PathAddress }
}

/** A datagram socket and what has come to it. */
class Mailbox {
  readonly socket: PathDatagrams
  readonly #heard: Heard[] = []
  #wake: () => void = () => {}
  readonly #failure: Promise<{ code: string }>

  constructor(socket: PathDatagrams) {
    this.socket = socket
    this.#failure = new Promise((resolve) => {
      socket.attach({
        onDatagram: (bytes, from) => {
          this.#heard.push({ text: new TextDecoder().decode(bytes), from })
          this.#wake()
        },
        onError: resolve,
        onClose() {},
      })
    })
  }

  static async open(host: Host, at?: PathAddress, options = {}): Promise<Mailbox> {
    return new Mailbox(await host.unixDatagrams!(at, options))
  }

  async until(count: number): Promise<readonly Heard[]> {
    while (this.#heard.length < count)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    return this.#heard
  }

  failed(): Promise<{ code: string }> {
    return this.#failure
  }
}
