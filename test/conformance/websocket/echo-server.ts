/** `node test/conformance/websocket/echo-server.ts [PORT]`: our server, which echoes messages, for fuzzing clients. */

import { acceptWebSocket, type HttpServer, serve } from '../../../src/http/index.ts'
import { kernelHost } from '../../../src/kernel/index.ts'
import type { Host } from '../../../src/socket/host.ts'

/** The largest message of the suites, and what fragments of 64 octets make of it. */
const LIMITS = { messageBytes: 32 * 1024 * 1024, messageFragments: 100_000 }

export function echoServer(host: Host, port: number): Promise<HttpServer> {
  return serve(
    host,
    (exchange) => {
      const socket = acceptWebSocket(exchange, { deflate: { takeover: true, from: 0 }, limits: LIMITS })
      if (socket !== null) socket.onMessage = (message) => void socket.send(message)
    },
    { port, address: '127.0.0.1' },
  )
}

if (import.meta.main) {
  const server = await echoServer(kernelHost(), Number(process.argv[2] ?? 9001))
  console.log(`ws://127.0.0.1:${server.local.port}/ echoes messages`)
}
