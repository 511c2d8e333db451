/** A WebSocket without a network: for tests of whatever answers exchanges. */
import type { Machine } from '../../base/machine.ts'
import type { Handler } from '../exchange.ts'
import { fieldValue } from '../fields/lines.ts'
import { HTTP_LIMITS } from '../limits.ts'
import { type AnswerOptions, answerUpgrade } from '../platform/memory.ts'
import { WebSocketConnection } from './connection.ts'
import { endpointOptions, newKey, VERSION } from './handshake.ts'

/**
 * Opens a WebSocket to a handler in this process. Resolves with the response of a handler that has refused it.
 * @param request its URL and fields; those of the handshake are added.
 * @example
 * const socket = await answerWebSocket(handler, new Request('http://localhost/chat'), machine)
 */
export async function answerWebSocket(
  handler: Handler,
  request: Request,
  machine: Machine,
  options: AnswerOptions & { readonly protocols?: readonly string[] } = {},
): Promise<WebSocketConnection | Response> {
  const headers = new Headers(request.headers)
  headers.set('sec-websocket-version', VERSION)
  headers.set('sec-websocket-key', newKey(machine))
  const { protocols = [] } = options
  if (protocols.length > 0) headers.set('sec-websocket-protocol', protocols.join(', '))
  const answer = await answerUpgrade(handler, new Request(request, { headers }), 'websocket', machine, options)
  if (answer instanceof Response) return answer
  const protocol = fieldValue(answer.fields, 'sec-websocket-protocol') ?? ''
  const end = endpointOptions('client', machine, HTTP_LIMITS, null, null)
  const { socket, owner } = WebSocketConnection.on(
    answer.connection,
    { protocol, compressed: false, extensions: '' },
    end,
  )
  answer.connection.attach(owner)
  return socket
}
