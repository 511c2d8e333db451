/** The kernel drivers against peers that are not ours: Python's sockets, and wrk's load. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { kernelHost } from '../../../src/kernel/index.ts'
import { DRIVERS } from '../../../src/kernel/trial/drivers.ts'
import type { Connection, ConnectionOwner, Listener } from '../../../src/socket/host.ts'
import { needCommand } from '../../need.ts'

const AT = { address: '127.0.0.1', port: 0 }
const BULK = 5_000_000

const python = needCommand('python3')
const wrk = needCommand('wrk')

function owner(methods: Partial<ConnectionOwner> = {}): ConnectionOwner {
  return { onData() {}, onEnd() {}, onDrain() {}, onClose() {}, ...methods }
}

/** Sends everything back, at the pace at which it is read. */
function echo(connection: Connection): void {
  connection.attach(
    owner({
      onData(bytes) {
        if (!connection.write(bytes)) connection.pause()
      },
      onDrain: () => connection.resume(),
      onEnd: () => connection.end(),
    }),
  )
}

/** Runs a Python program with `arguments` in `sys.argv[1:]`: what it printed. */
function runPython(program: string, ...args: readonly (string | number)[]): Promise<string> {
  const child = spawn('python3', [
    '-c',
    `import socket, sys, hashlib, os, struct, threading\n${program}`,
    ...args.map(String),
  ])
  return printed(child)
}

function printed(child: ChildProcess): Promise<string> {
  let output = ''
  child.stdout!.on('data', (bytes: Buffer) => {
    output += bytes.toString()
  })
  child.stderr!.on('data', (bytes: Buffer) => {
    output += bytes.toString()
  })
  return new Promise((resolve) => child.on('close', () => resolve(output.trim())))
}

for (const driver of DRIVERS)
  describe(`${driver} driver`, { timeout: 30_000 }, () => {
    const host = kernelHost({ driver })

    test('a Python client gets its 5 MB back after shutting down its side', { skip: python }, async () => {
      const listener = await host.listen(AT, echo)
      const output = await runPython(
        `
s = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
data = os.urandom(${BULK})
def send():
    s.sendall(data)
    s.shutdown(socket.SHUT_WR)
threading.Thread(target=send).start()
back = b''.join(iter(lambda: s.recv(65536), b''))
print(back == data)`,
        listener.local.port!,
      )
      await listener.close()
      assert.equal(output, 'True')
    })

    test('5 MB go to a Python server, which answers with their hash', { skip: python }, async () => {
      const server = spawn('python3', [
        '-c',
        `
import socket, hashlib
l = socket.create_server(('127.0.0.1', 0))
print(l.getsockname()[1], flush=True)
c, _ = l.accept()
h = hashlib.sha256()
for b in iter(lambda: c.recv(65536), b''): h.update(b)
c.sendall(h.hexdigest().encode())
c.close()`,
      ])
      const port = await new Promise<number>((resolve) => server.stdout.once('data', (b: Buffer) => resolve(Number(b))))
      const connection = await host.connect({ address: '127.0.0.1', port })
      const data = new Uint8Array(BULK)
      host.random.fill(data)
      let answer = ''
      await new Promise<void>((resolve) => {
        const onData = (bytes: Uint8Array): void => {
          answer += Buffer.from(bytes).toString()
        }
        connection.attach(owner({ onData, onClose: () => resolve() }))
        connection.write(data)
        connection.end()
      })
      assert.equal(answer, createHash('sha256').update(data).digest('hex'))
    })

    test('a Python client that resets is seen to reset', { skip: python }, async () => {
      let listener: Listener | undefined
      const ending = new Promise<string | undefined>((resolve) => {
        host
          .listen(AT, (c) => {
            c.attach(owner({ onClose: (error) => resolve(error?.code) }))
            // The client resets only when it has been accepted: a connection that is gone before is nobody's to see.
            c.write(Buffer.from('go'))
          })
          .then((opened) => {
            listener = opened
            return runPython(
              `
s = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
s.sendall(b'hello')
s.recv(2)
s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
s.close()`,
              opened.local.port!,
            )
          })
      })
      assert.equal(await ending, 'ECONNRESET')
      await listener?.close()
    })

    test('two seconds of wrk, 64 connections: no error, and every descriptor comes back', { skip: wrk }, async () => {
      const canned = fileURLToPath(new URL('../../../bench/limit/canned.ts', import.meta.url))
      const server = spawn(process.execPath, [canned, driver])
      try {
        const line = await new Promise<string>((resolve) =>
          server.stdout.once('data', (b: Buffer) => resolve(b.toString())),
        )
        const url = `http://127.0.0.1:${line.trim().split(' ')[1]}/`
        const open = (): number => readdirSync(`/proc/${server.pid}/fd`).length
        const before = open()
        const report = await load(url, 'd2s')
        assert.doesNotMatch(report, /Socket errors|Non-2xx/)
        assert.match(report, /requests in/)
        for (let i = 0; i < 500 && open() > before; i++) await new Promise((resolve) => setTimeout(resolve, 10))
        assert.equal(open(), before)
      } finally {
        server.kill()
      }
    })
  })

function load(url: string, duration: string): Promise<string> {
  return printed(spawn('wrk', ['-t1', '-c64', `-${duration}`, url]))
}
