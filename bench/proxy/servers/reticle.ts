/** Reticle's reverse proxy: `reticle.ts DRIVER UPSTREAM-PORT`. */
import { reverseProxy, serve } from '../../../src/http/index.ts'
import { type DriverName, kernelHost } from '../../../src/kernel/index.ts'

const host = kernelHost({ driver: process.argv[2] as DriverName })
const front = reverseProxy(host, { to: `http://127.0.0.1:${process.argv[3]}` })
const server = await serve(host, front, { address: '127.0.0.1', port: 0 })
console.log(`listening ${server.local.port}`)
