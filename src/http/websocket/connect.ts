/** The client's half of the opening handshake (RFC 6455 §4.1). */
import { deflate as platform } from '#deflate'
import type { Host } from '../../socket/host.ts'
import { Client, clientOf, type UpgradeOptions } from '../client/client.ts'
import type { Reply } from '../client/send.ts'
import { HttpMisuse, RequestError } from '../errors.ts'
import { isToken } from '../fields/characters.ts'
import { splitList } from '../fields/list.ts'
import { completeLimits, HTTP_LIMITS, type HttpLimits } from '../limits.ts'
import { WebSocketConnection } from './connection.ts'
import {
  acceptOf,
  type Deflate,
  type DeflateOptions,
  deflateOf,
  endpointOptions,
  newKey,
  VERSION,
} from './handshake.ts'
import { type DeflateAgreement, offerDeflate, parseExtensions, readDeflateAnswer } from './protocol/extension.ts'

/** What a client asks for. */
export interface ConnectWebSocketOptions extends Omit<UpgradeOptions, 'method' | 'target'> {
  /** Subprotocols, the best first. A server that chooses none of them is refused only where the program looks. */
  readonly protocols?: readonly string[]
  /** Offer compression (permessage-deflate). Default false. */
  readonly deflate?: DeflateOptions | boolean
  /** Those that differ from `HTTP_LIMITS`. */
  readonly limits?: Partial<HttpLimits>
}

const CALL = 'connectWebSocket()'

/**
 * Opens a WebSocket: `ws://`, `wss://`, or the http URL of the same place. Over the connections of a client, with its
 * proxies and time-outs, or over those of a host.
 *
 * Rejects with `UpgradeRefused`, which has the reply, when the server answers otherwise; with `RequestError` (`refused`)
 * for a handshake that is not right; else as a request does.
 * @example
 * const socket = await connectWebSocket(kernelHost(), 'ws://localhost:8080/chat')
 * socket.send('hello')
 */
export async function connectWebSocket(
  from: Client | Host,
  url: string | URL,
  options: ConnectWebSocketOptions = {},
): Promise<WebSocketConnection> {
  const { protocols = [], deflate: wished = false, limits: given, ...request } = options
  const client = from instanceof Client ? from : clientOf(from)
  const machine = client.host
  const limits = given === undefined ? HTTP_LIMITS : completeLimits(CALL, given)
  checkProtocols(protocols)
  const deflate = deflateOf(CALL, wished, platform)
  const key = newKey(machine)
  const fields = [...(request.fields ?? []), 'Sec-WebSocket-Key', key, 'Sec-WebSocket-Version', VERSION]
  if (protocols.length > 0) fields.push('Sec-WebSocket-Protocol', protocols.join(', '))
  if (deflate !== null) fields.push('Sec-WebSocket-Extensions', offerDeflate(deflate))
  const { reply, connection } = await client.upgrade(httpUrl(url), 'websocket', { ...request, fields })
  const agreed = readAnswer(reply, key, protocols, deflate, limits.offerCount)
  if (typeof agreed === 'string') {
    connection.reset()
    throw new RequestError('refused', `${agreed}: this is no WebSocket`)
  }
  const { protocol, extensions, agreement } = agreed
  const what = { protocol, extensions, compressed: agreement !== null }
  const { socket, owner } = WebSocketConnection.on(
    connection,
    what,
    endpointOptions('client', machine, limits, deflate, agreement),
  )
  connection.attach(owner)
  return socket
}

/** What a server's 101 says; the reason where it is none to what was asked. */
interface Answer {
  readonly protocol: string
  readonly extensions: string
  readonly agreement: DeflateAgreement | null
}

function readAnswer(
  reply: Reply,
  key: string,
  protocols: readonly string[],
  deflate: Deflate | null,
  most: number,
): Answer | string {
  if (reply.header('upgrade')?.toLowerCase() !== 'websocket') return 'the server has switched to another protocol'
  const options = splitList(reply.header('connection') ?? '').map((one) => one.toLowerCase())
  if (!options.includes('upgrade')) return 'the server has not said Connection: Upgrade'
  if (reply.header('sec-websocket-accept') !== acceptOf(key)) return 'Sec-WebSocket-Accept does not answer the key'
  const protocol = reply.header('sec-websocket-protocol') ?? ''
  if (protocol !== '' && !protocols.includes(protocol))
    return `the server speaks the subprotocol ${JSON.stringify(protocol.slice(0, 100))}, which was not offered`
  const extensions = reply.header('sec-websocket-extensions') ?? ''
  if (extensions === '') return { protocol, extensions, agreement: null }
  const answered = parseExtensions(extensions, most)
  if (answered === null) return 'Sec-WebSocket-Extensions is not a list of extensions'
  const agreement = readDeflateAnswer(answered, deflate)
  return typeof agreement === 'string' ? agreement : { protocol, extensions, agreement }
}

/** @throws HttpMisuse for what no list of subprotocols can hold (RFC 6455 §4.1). */
export function checkProtocols(protocols: readonly string[]): void {
  const wrong = protocols.find((one, i) => !isToken(one) || protocols.indexOf(one) !== i)
  if (wrong !== undefined)
    throw new HttpMisuse(
      'HTTP_INVALID_PROTOCOL',
      `subprotocols must be different tokens, and ${JSON.stringify(wrong)} is not a token or comes twice`,
    )
}

/** @throws HttpMisuse for what is no address of a WebSocket. */
export function httpUrl(address: string | URL): URL {
  const url = URL.parse(address)
  const scheme = url === null ? '' : url.protocol
  if (url === null || !/^(?:wss?|https?):$/.test(scheme))
    throw new HttpMisuse(
      'HTTP_INVALID_URL',
      `the address of a WebSocket must be like ws://example.com/, not ${JSON.stringify(String(address))}`,
    )
  // The scheme of a URL cannot be set from a special one to another kind, but ws and http are of one kind.
  url.protocol = scheme === 'ws:' || scheme === 'http:' ? 'http:' : 'https:'
  return url
}
