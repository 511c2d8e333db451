/** The smallest site: `node examples/hello/main.ts` serves it, `reticle look --site` looks at it. */
import { kernelHost } from 'reticle/kernel'
import type { Host } from 'reticle/socket'
import { app } from 'reticle/web'

export default function hello(host: Host) {
  const site = app({ machine: host, hosts: ['hello.example'] })
  site.get('/', (c) => c.text('Hello, World!'))
  return site
}

if (import.meta.main) {
  const host = kernelHost()
  const port = Number(process.env['PORT'] ?? 8000)
  await hello(host).serve(host, { address: '127.0.0.1', port })
}
