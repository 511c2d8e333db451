/** The programs of the table in docs/programs.md. A test compares; each cell is a test of that name. */

interface Program {
  /** What they talk to in the tests. */
  readonly server: string
  /** The joint by which they are given a Host. */
  readonly joint: string
  /** The test file. */
  readonly file: string
}

const table = {
  express: { server: '`node:http` and undici ask it', joint: '`serveNode(host, createServer(app), 80)`', file: 'web' },
  fastify: { server: '`node:http` asks it', joint: '`serveNode(host, app.server, 80)`', file: 'web' },
  'node:http': { server: 'its own', joint: '`http.get(url, { agent: nodeAgent(host) })`', file: 'web' },
  undici: { server: '`node:http`', joint: '`new Agent({ connect })` over `nodeConnect(host)`', file: 'web' },
  ws: { server: 'its own', joint: '`new WebSocket(url, { agent: nodeAgent(host) })`', file: 'web' },
  'node:tls': { server: 'its own', joint: '`tls.connect({ socket: nodeConnect(host)(port, name) })`', file: 'secure' },
  'node:https': { server: 'its own', joint: '`https.get(url, { agent: nodeSecureAgent(host) })`', file: 'secure' },
  'node:http2': { server: 'its own', joint: '`createConnection: () => nodeConnect(host)(port, name)`', file: 'secure' },
  pg: {
    server: 'PGlite: PostgreSQL itself',
    joint: '`new pg.Client({ stream: () => nodeSocket(host) })`',
    file: 'sql',
  },
  postgres: { server: 'PGlite', joint: '`postgres({ socket: () => connected })`', file: 'sql' },
  mysql2: {
    server: 'mysql2’s own server, over SQLite',
    joint: '`createConnection({ stream: () => socket })`',
    file: 'sql',
  },
  ioredis: {
    server: 'a small RESP server (true semantics, few commands)',
    joint: '`new Redis({ Connector })`',
    file: 'redis',
  },
  iovalkey: { server: 'the same', joint: '`new Valkey({ Connector })`', file: 'redis' },
  nodemailer: { server: '`smtp-server`', joint: '`createTransport({ getSocket })`', file: 'mail' },
} as const satisfies Record<string, Program>

export type ProgramName = keyof typeof table
export const PROGRAMS: Readonly<Record<ProgramName, Program>> = table
