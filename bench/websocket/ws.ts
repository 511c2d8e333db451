/** `/echo` and `/broadcast` by ws, as its README broadcasts. */
import { WebSocket, WebSocketServer } from 'ws'

const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
server.on('listening', () => console.log(`listening ${(server.address() as { port: number }).port}`))
server.on('connection', (socket, { url }) => {
  if (url === '/broadcast')
    socket.on('message', (data, binary) => {
      for (const client of server.clients) if (client.readyState === WebSocket.OPEN) client.send(data, { binary })
    })
  else socket.on('message', (data, binary) => socket.send(data, { binary }))
})
