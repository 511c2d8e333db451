/** Programs of others beside a proxy: `reticle proxy` as a process, nginx with a configuration of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

const cli = join(import.meta.dirname, '../../../src/cli/main.ts')

/** A folder that goes with the test. */
export function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'reticle-proxy-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** A port of the loopback address that nobody listens at now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** A process, and what it has printed. */
export class Program {
  readonly child: ChildProcess
  output = ''
  #wake: () => void = () => {}

  constructor(t: TestContext, command: string, args: readonly string[]) {
    this.child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_TEST_CONTEXT: undefined },
    })
    for (const stream of [this.child.stdout!, this.child.stderr!])
      stream.on('data', (text) => {
        this.output += text
        this.#wake()
      })
    this.child.on('exit', () => this.#wake())
    t.after(async () => {
      if (this.child.exitCode !== null || this.child.signalCode !== null) return
      this.child.kill('SIGTERM')
      await once(this.child, 'exit')
    })
  }

  /** Waits until it has printed what matches, from an offset on. */
  async printed(pattern: RegExp, from = 0): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.output.slice(from))
      if (found !== null) return found
      if (this.child.exitCode !== null) throw new Error(`the program has ended:\n${this.output}`)
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }
}

/** `reticle proxy` with these arguments, and where it listens. */
export async function reticleProxy(
  t: TestContext,
  ...args: readonly string[]
): Promise<{ program: Program; port: number }> {
  const program = new Program(t, process.execPath, [cli, 'proxy', ...args])
  const [, port] = await program.printed(/listening on 127\.0\.0\.1:(\d+)/)
  return { program, port: Number(port) }
}

/** nginx with what stands in its `http` block; resolves when one of the ports is answered. */
export async function nginx(t: TestContext, http: string, port: number): Promise<void> {
  const path = folder(t)
  mkdirSync(join(path, 'logs'))
  mkdirSync(join(path, 'html'))
  writeFileSync(join(path, 'html/file.txt'), 'x'.repeat(200_000))
  writeFileSync(
    join(path, 'nginx.conf'),
    `${process.getuid?.() === 0 ? 'user root;' : ''} daemon off; worker_processes 1; pid ${path}/nginx.pid; error_log stderr;
events { worker_connections 256; }
http { access_log off; client_body_temp_path ${path}/body; proxy_temp_path ${path}/proxy; fastcgi_temp_path ${path}/f; uwsgi_temp_path ${path}/u; scgi_temp_path ${path}/s;
${http} }`,
  )
  const program = new Program(t, 'nginx', ['-p', path, '-c', 'nginx.conf', '-e', 'stderr'])
  for (;;) {
    const answered = await fetch(`http://127.0.0.1:${port}/`).then(
      (reply) => reply.text(),
      (error: Error & { cause?: { code?: string } }) => (error.cause?.code === 'ECONNREFUSED' ? null : ''),
    )
    if (answered !== null) return
    if (program.child.exitCode !== null) throw new Error(program.output)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
