/** Plain text by Fastify as its documentation has it for production (no logger, a route): `fastify.ts [PORT]`. */
import type { AddressInfo } from 'node:net'
import fastify from 'fastify'

const app = fastify({ logger: false, keepAliveTimeout: 75_000 })
app.get('/', (_request, reply) => {
  reply.type('text/plain; charset=utf-8').send('Hello, World!')
})
await app.listen({ port: Number(process.argv[2] ?? 0), host: '127.0.0.1' })
console.log(`listening ${(app.server.address() as AddressInfo).port}`)
