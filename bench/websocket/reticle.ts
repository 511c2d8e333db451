/** `/echo` and `/broadcast` by Reticle: `reticle.ts DRIVER`. */
import { acceptWebSocket, serve, WebSocketGroup } from '../../src/http/index.ts'
import { type DriverName, kernelHost } from '../../src/kernel/index.ts'

const room = new WebSocketGroup()
const server = await serve(
  kernelHost({ driver: process.argv[2] as DriverName }),
  (exchange) => {
    const socket = acceptWebSocket(exchange)
    if (socket === null) return
    if (exchange.path === '/broadcast') {
      room.add(socket)
      socket.onMessage = (message) => void room.send(message)
    } else socket.onMessage = (message) => void socket.send(message)
  },
  { address: '127.0.0.1', port: 0 },
)
console.log(`listening ${server.local.port}`)
