/** Plain text over TLS by Reticle's server: `reticle-tls.ts DRIVER [PORT]`. */
import { serve } from '../../../src/http/index.ts'
import { type DriverName, kernelHost } from '../../../src/kernel/index.ts'
import { createAuthority, issue, tlsHost } from '../../../src/tls/index.ts'

const host = kernelHost({ driver: process.argv[2] as DriverName })
const certificates = issue(createAuthority('a bench'), ['localhost', '127.0.0.1'])
const server = await serve(
  tlsHost(host, { server: { certificates } }),
  (exchange) => exchange.reply(200, ['Content-Type', 'text/plain; charset=utf-8'], 'Hello, World!'),
  { address: '127.0.0.1', port: Number(process.argv[3] ?? 0) },
)
console.log(`listening ${server.local.port}`)
