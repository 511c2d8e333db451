/** Who runs: one line each. A server prints `listening PORT` and answers GET / with 200 and a short text; the board
 * answers with a page out of its database and templates, which is measured for its own sake. */
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface Contestant {
  readonly name: string
  readonly command: readonly string[]
  /** Ours are compared with the peers; a page costs what it costs. */
  readonly part: 'ours' | 'peer' | 'page'
}

/** @param limit the compiled bare C loop of `bench/limit`. */
export function contestants(limit: string): Contestant[] {
  const program = (file: string) => fileURLToPath(new URL(`servers/${file}`, import.meta.url))
  const node = process.execPath
  return [
    { name: 'C epoll loop', command: [limit], part: 'peer' },
    { name: 'reticle uring', command: [node, program('reticle.ts'), 'uring'], part: 'ours' },
    { name: 'reticle epoll', command: [node, program('reticle.ts'), 'epoll'], part: 'ours' },
    { name: 'reticle node', command: [node, program('reticle.ts'), 'node'], part: 'ours' },
    { name: 'reticle site uring', command: [node, program('site.ts'), 'uring'], part: 'ours' },
    { name: 'reticle site epoll', command: [node, program('site.ts'), 'epoll'], part: 'ours' },
    { name: 'reticle site node', command: [node, program('site.ts'), 'node'], part: 'ours' },
    { name: 'board page uring', command: [node, program('board.ts'), 'uring'], part: 'page' },
    { name: 'board page node', command: [node, program('board.ts'), 'node'], part: 'page' },
    { name: 'node:http', command: [node, program('node-http.ts')], part: 'peer' },
    { name: 'node:http2', command: [node, program('node-http2.ts')], part: 'peer' },
    { name: 'fastify', command: [node, program('fastify.ts')], part: 'peer' },
    ...installed('deno', 'Deno.serve', ['run', '--allow-net', program('deno.mjs')]),
    ...installed('bun', 'Bun.serve', [program('bun.mjs')]),
  ]
}

/** Those who speak TLS. It goes by Node's sockets whatever the driver: one row of ours is enough. */
export function secureContestants(): Contestant[] {
  const program = (file: string) => fileURLToPath(new URL(`servers/${file}`, import.meta.url))
  const node = process.execPath
  return [
    { name: 'reticle https', command: [node, program('reticle-tls.ts'), 'node'], part: 'ours' },
    { name: 'fastify https', command: [node, program('fastify-tls.ts')], part: 'peer' },
  ]
}

/** A peer where its runtime is on the PATH. */
function installed(runtime: string, name: string, given: readonly string[]): Contestant[] {
  const there = (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, runtime)))
  return there ? [{ name, command: [runtime, ...given], part: 'peer' }] : []
}
