/** A WebSocket in place of a reply: the handshake with the fields of the site, and the handler in its surroundings. */
import { type Surroundings, surroundings, within } from '../../base/ambient.ts'
import {
  type AcceptOptions,
  acceptWebSocket,
  ExchangeDecorator,
  type FieldLines,
  type WebSocketConnection,
} from '../../http/index.ts'
import { SwitchReply } from './reply.ts'
import type { Turn } from './turn.ts'

/** What a site says of a WebSocket. Whose pages may open one, the site's own rules say (`app({ trustedOrigins })`). */
export type SocketOptions = Omit<AcceptOptions, 'origins' | 'dangerouslyAnyOrigin' | 'fields' | 'limits'> & {
  /** Limits of HTTP that differ for it: `messageBytes`, `heartbeatTime`. */
  readonly socketLimits?: AcceptOptions['limits']
}

/** The transaction of a hook around the handler is over when the WebSocket begins. */
const AFTERWARDS: Surroundings = Object.freeze({ transaction: undefined })
const INTERNAL_ERROR = 1011

export function socketReply(
  turn: Turn,
  handler: (socket: WebSocketConnection) => void | Promise<void>,
  { protocols, deflate, socketLimits }: SocketOptions,
): SwitchReply {
  const where = surroundings()
  return new SwitchReply((exchange, lines) => {
    const seen = new Handshake(exchange, lines)
    const options = {
      ...(protocols === undefined ? {} : { protocols }),
      ...(deflate === undefined ? {} : { deflate }),
      ...(socketLimits === undefined ? {} : { limits: socketLimits }),
    }
    // Whose page asks was looked at before the handler ran, by the rules of the site.
    const socket = acceptWebSocket(seen, { ...options, dangerouslyAnyOrigin: true, fields: lines })
    if (socket === null) return seen.status
    socket.onError = (error) => turn.services.report(exchange, turn.route, error)
    within(where, AFTERWARDS, () => begin(turn, socket, handler))
    return seen.status
  })
}

function begin(
  turn: Turn,
  socket: WebSocketConnection,
  handler: (socket: WebSocketConnection) => void | Promise<void>,
): void {
  const failed = (error: unknown) => {
    turn.services.report(turn.exchange, turn.route, error)
    socket.close(INTERNAL_ERROR)
  }
  try {
    const working = handler(socket)
    if (working instanceof Promise) working.catch(failed)
  } catch (error) {
    failed(error)
  }
}

/** Remembers how the handshake was answered, and gives a refusal the fields of the site. */
class Handshake extends ExchangeDecorator {
  status = 101
  readonly #lines: FieldLines

  constructor(of: ConstructorParameters<typeof ExchangeDecorator>[0], lines: FieldLines) {
    super(of)
    this.#lines = lines
  }

  override reply(status: number, fields: FieldLines, body: string | Uint8Array | null): void {
    this.status = status
    super.reply(status, [...fields, ...this.#lines], body)
  }
}
