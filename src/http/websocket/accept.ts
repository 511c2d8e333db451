/** The server's half of the opening handshake (RFC 6455 §4.2, RFC 8441 §5). */
import { deflate as platform } from '#deflate'
import { HttpMisuse } from '../errors.ts'
import type { Exchange, FieldLines } from '../exchange.ts'
import { isToken } from '../fields/characters.ts'
import { splitList } from '../fields/list.ts'
import { completeLimits, HTTP_LIMITS, type HttpLimits } from '../limits.ts'
import { WebSocketConnection } from './connection.ts'
import { acceptOf, type DeflateOptions, deflateOf, endpointOptions, isKey, VERSION } from './handshake.ts'
import { leaveWith } from './leaving.ts'
import { mayOpen } from './origin.ts'
import { agreeToDeflate, parseExtensions } from './protocol/extension.ts'

/** What a server agrees to. */
export interface AcceptOptions {
  /**
   * Subprotocols that the server speaks, the best first: the first that the client offers is agreed upon. Or a function
   * that chooses one of those offered; null for none. Without one in common the WebSocket has none, and a browser that
   * offered some closes it.
   */
  readonly protocols?: readonly string[] | ((offered: readonly string[], exchange: Exchange) => string | null)
  /**
   * Origins of other sites whose pages may open a WebSocket here: `https://pay.example`. Pages of this server's own origin
   * may, and programs, which send no Origin; nobody else, since a browser sends the visitor's cookies along with every
   * WebSocket, whoever's page opens it.
   */
  readonly origins?: readonly string[]
  /** Lets every page on the web open a WebSocket here with the visitor's cookies. */
  readonly dangerouslyAnyOrigin?: boolean
  /** Compression (permessage-deflate), where the client offers it. Default false: it costs more than it saves on a fast line. */
  readonly deflate?: DeflateOptions | boolean
  /** Those that differ from `HTTP_LIMITS`. */
  readonly limits?: Partial<HttpLimits>
  /** More fields of the 101: name, value, name, value. */
  readonly fields?: FieldLines
}

/** Why a handshake is refused. */
interface Refusal {
  readonly status: number
  readonly fields: FieldLines
  readonly why: string
}

const CALL = 'acceptWebSocket()'

/**
 * Makes a WebSocket of a request that asks for one, over HTTP/1.1 or HTTP/2. A request that does not, or may not, is
 * answered (400, 403, 405, 426), and null is returned. When the server begins to close, the WebSocket closes with 1001.
 * @throws RangeError, HttpMisuse for options that cannot be.
 * @example
 * await serve(kernelHost(), (exchange) => {
 *   const socket = acceptWebSocket(exchange)
 *   if (socket !== null) socket.onMessage = (message) => void socket.send(message)
 * })
 */
export function acceptWebSocket(exchange: Exchange, options: AcceptOptions = {}): WebSocketConnection | null {
  const limits = options.limits === undefined ? HTTP_LIMITS : completeLimits(CALL, options.limits)
  const refusal = refusalOf(exchange, options)
  if (refusal !== null) return refuse(exchange, refusal)
  const offered = offeredProtocols(exchange, limits.offerCount)
  if (offered === null) return refuse(exchange, bad('Sec-WebSocket-Protocol is not a list of different tokens'))
  const extensions = offeredExtensions(exchange, limits.offerCount)
  if (extensions === null) return refuse(exchange, bad('Sec-WebSocket-Extensions is not a list of extensions'))
  const deflate = deflateOf(CALL, options.deflate ?? false, platform)
  const agreed = deflate === null ? null : agreeToDeflate(extensions, deflate)
  const protocol = chosen(offered, options, exchange)
  const fields: string[] = []
  const extended = exchange.method === 'CONNECT'
  if (!extended)
    fields.push('Upgrade', 'websocket', 'Sec-WebSocket-Accept', acceptOf(exchange.header('sec-websocket-key')!))
  if (protocol !== '') fields.push('Sec-WebSocket-Protocol', protocol)
  if (agreed !== null) fields.push('Sec-WebSocket-Extensions', agreed.field)
  fields.push(...(options.fields ?? []))
  let socket: WebSocketConnection | null = null
  const end = endpointOptions('server', exchange.machine, limits, deflate, agreed?.agreement ?? null)
  try {
    exchange.upgrade(extended ? 200 : 101, fields, (connection) => {
      const what = { protocol, compressed: agreed !== null, extensions: agreed?.field ?? '' }
      const made = WebSocketConnection.on(connection, what, end)
      socket = made.socket
      return made.owner
    })
  } catch (error) {
    // What the client did: a body, or requests behind this one.
    if (!(error instanceof HttpMisuse && error.code === 'HTTP_CANNOT_UPGRADE')) throw error
    return refuse(exchange, bad(error.message))
  }
  // Nobody is left: the client has gone before it was answered.
  if (socket === null) return null
  leaveWith(exchange.draining, socket)
  return socket
}

/** Whether a request asks for a WebSocket, whatever else may be wrong with it. */
export function asksForWebSocket(exchange: Exchange): boolean {
  const { protocol, method, version } = exchange
  if (protocol === null) return false
  if (method === 'CONNECT') return version.startsWith('HTTP/2') && protocol === 'websocket'
  return splitList(protocol).some((one) => one.toLowerCase() === 'websocket')
}

/** RFC 6455 §4.2.1, in the order in which a client can do something about it. */
function refusalOf(exchange: Exchange, options: AcceptOptions): Refusal | null {
  if (!asksForWebSocket(exchange))
    return {
      status: 426,
      fields: ['Upgrade', 'websocket'],
      why: 'here is a WebSocket: ask for it with Upgrade: websocket',
    }
  const extended = exchange.method === 'CONNECT'
  if (!extended && exchange.method !== 'GET')
    return { status: 405, fields: ['Allow', 'GET'], why: 'a WebSocket is opened with GET' }
  const version = exchange.header('sec-websocket-version')
  if (version !== VERSION)
    return {
      status: 426,
      fields: ['Sec-WebSocket-Version', VERSION, 'Upgrade', 'websocket'],
      why: `Sec-WebSocket-Version must be ${VERSION}`,
    }
  // RFC 8441 §5: over HTTP/2 there is no key.
  if (!extended && !isKey(exchange.header('sec-websocket-key') ?? ''))
    return bad('Sec-WebSocket-Key is not 16 octets in Base64')
  if (!mayOpen(exchange, options)) {
    const origin = (exchange.header('origin') ?? '').slice(0, 100)
    return { status: 403, fields: [], why: `pages of ${origin} may not open a WebSocket here` }
  }
  return null
}

function bad(why: string): Refusal {
  return { status: 400, fields: [], why }
}

function refuse(exchange: Exchange, { status, fields, why }: Refusal): null {
  exchange.reply(status, [...fields, 'Content-Type', 'text/plain; charset=utf-8'], `${why}\n`)
  return null
}

/** RFC 6455 §4.1: tokens, no two the same. */
function offeredProtocols(exchange: Exchange, most: number): readonly string[] | null {
  const field = exchange.header('sec-websocket-protocol')
  if (field === undefined) return []
  const offered = splitList(field)
  const sound = offered.length > 0 && offered.length <= most && offered.every(isToken)
  return sound && new Set(offered).size === offered.length ? offered : null
}

function offeredExtensions(exchange: Exchange, most: number) {
  const field = exchange.header('sec-websocket-extensions')
  return field === undefined ? [] : parseExtensions(field, most)
}

/** @throws HttpMisuse for a choice that was not offered: the client would break off. */
function chosen(offered: readonly string[], { protocols = [] }: AcceptOptions, exchange: Exchange): string {
  if (typeof protocols !== 'function') return protocols.find((one) => offered.includes(one)) ?? ''
  const choice = offered.length === 0 ? null : protocols(offered, exchange)
  if (choice === null || offered.includes(choice)) return choice ?? ''
  throw new HttpMisuse(
    'HTTP_INVALID_PROTOCOL',
    `${CALL}: protocols() chose ${JSON.stringify(choice)}, which the client did not offer (${offered.join(', ')})`,
  )
}
