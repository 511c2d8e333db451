/** Plain text by the server of `node:http2`, with prior knowledge: `node-http2.ts [PORT]`. */
import { createServer, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'

const server = createServer()
// The stream API is the cheaper of the module's two.
server.on('stream', (stream: ServerHttp2Stream) => {
  stream.respond({ ':status': 200, 'content-type': 'text/plain; charset=utf-8', 'content-length': 13 })
  stream.end('Hello, World!')
})
server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () => {
  console.log(`listening ${(server.address() as AddressInfo).port}`)
})
