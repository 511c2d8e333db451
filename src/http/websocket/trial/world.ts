/** A server, a client and a network of one process, for tests of WebSockets. */
import { Client } from '../../client/client.ts'
import { type ServeOptions, serve } from '../../server/serve.ts'
import { settle } from '../../trial/machine.ts'
import { type Manners, TestNetwork } from '../../trial/network.ts'
import { RawClient } from '../../trial/raw.ts'
import { type AcceptOptions, acceptWebSocket } from '../accept.ts'
import { type ConnectWebSocketOptions, connectWebSocket } from '../connect.ts'
import type { WebSocketConnection } from '../connection.ts'

export interface WorldOptions {
  readonly accept?: AcceptOptions
  readonly serve?: ServeOptions
  readonly manners?: Manners
}

/** @param opened is given each WebSocket of the server. */
export async function webSocketWorld(opened: (socket: WebSocketConnection) => void, options: WorldOptions = {}) {
  const network = new TestNetwork()
  const host = network.host('web', '10.0.0.80', options.manners)
  const laptop = network.host('laptop', '10.0.0.2', options.manners, undefined, host.clock)
  const server = await serve(
    host,
    (exchange) => {
      const socket = acceptWebSocket(exchange, options.accept)
      if (socket !== null) opened(socket)
    },
    { port: 80, ...options.serve },
  )
  const client = new Client(laptop)
  const open = (more: ConnectWebSocketOptions = {}) => connectWebSocket(client, 'ws://web/', more)
  return { network, host, laptop, server, client, clock: host.clock, open }
}

export const HEAD =
  'GET / HTTP/1.1\r\nHost: web\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'

/** A client that sends exactly these octets, its handshake behind it. */
export async function rawWebSocket(world: Awaited<ReturnType<typeof webSocketWorld>>, fields = ''): Promise<RawClient> {
  const raw = await RawClient.open(world.laptop, { address: '10.0.0.80', port: 80 })
  const answer = await raw.send(`${HEAD}${fields}\r\n`)
  if (!answer.startsWith('HTTP/1.1 101 ')) throw new Error(`the handshake was answered by ${answer}`)
  return raw
}

/** A frame of a client, masked with nothing. */
export function clientFrame(first: number, payload: Uint8Array | string): Uint8Array {
  const octets = Buffer.from(payload)
  const { length } = octets
  const extended =
    length < 126
      ? []
      : length < 65_536
        ? [length >> 8, length & 255]
        : [0, 0, 0, 0, length >>> 24, (length >> 16) & 255, (length >> 8) & 255, length & 255]
  const short = length < 126 ? length : length < 65_536 ? 126 : 127
  return Buffer.concat([Buffer.from([first, 0x80 | short, ...extended, 0, 0, 0, 0]), octets])
}

export { settle }
