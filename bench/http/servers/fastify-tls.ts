/** Plain text over TLS by Fastify, as its documentation has it for production: `fastify-tls.ts [PORT]`. */
import type { AddressInfo } from 'node:net'
import fastify from 'fastify'
import { createAuthority, issue } from '../../../src/tls/index.ts'

const { certificate, key } = issue(createAuthority('a bench'), ['localhost', '127.0.0.1'])
const https = { cert: String(certificate), key: String(key) }
const app = fastify({ logger: false, keepAliveTimeout: 75_000, https })
app.get('/', (_request, reply) => {
  reply.type('text/plain; charset=utf-8').send('Hello, World!')
})
await app.listen({ port: Number(process.argv[2] ?? 0), host: '127.0.0.1' })
console.log(`listening ${(app.server.address() as AddressInfo).port}`)
