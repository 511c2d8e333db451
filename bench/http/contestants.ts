/** Who runs: one line each. A server prints `listening PORT` and answers GET / with 200 and a short text. */
import { fileURLToPath } from 'node:url'

export interface Contestant {
  readonly name: string
  readonly command: readonly string[]
  /** Ours are compared with the others. */
  readonly ours: boolean
}

/** @param limit the compiled bare C loop of `bench/limit`. */
export function contestants(limit: string): Contestant[] {
  const program = (file: string) => fileURLToPath(new URL(`servers/${file}`, import.meta.url))
  const node = process.execPath
  return [
    { name: 'C epoll loop', command: [limit], ours: false },
    { name: 'reticle uring', command: [node, program('reticle.ts'), 'uring'], ours: true },
    { name: 'reticle node', command: [node, program('reticle.ts'), 'node'], ours: true },
    { name: 'node:http', command: [node, program('node-http.ts')], ours: false },
    { name: 'fastify', command: [node, program('fastify.ts')], ours: false },
  ]
}
