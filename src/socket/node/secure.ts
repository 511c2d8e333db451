/** What a TLS socket of Node's says of its ends when a Host's connection is under it. */
import { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { SocketDuplex } from './duplex.ts'

const ENDS = ['remoteAddress', 'remotePort', 'remoteFamily', 'localAddress', 'localPort', 'localFamily'] as const

/** Node asks the operating system for the addresses of a TLS socket; the connection underneath knows them. */
export function tellEnds(secure: TLSSocket, under: SocketDuplex): void {
  for (const name of ENDS) Object.defineProperty(secure, name, { configurable: true, get: () => under[name] })
  secure.address = () => under.address()
}

/**
 * The stream under a TLS socket that a server has made itself. Only fields of Node's own lead there: a socket of Node's is
 * in one of them, any other stream behind another; null where Node has others one day.
 */
export function streamUnder(secure: TLSSocket): Duplex | null {
  const { ssl, _parent } = secure as {
    ssl?: { readonly _parentWrap?: { readonly stream?: unknown } }
    _parent?: unknown
  }
  const under = ssl?._parentWrap?.stream ?? _parent
  return under instanceof Duplex ? under : null
}

/** The same for a TLS socket that a server has made itself; without a way there Node's own answer stays: undefined. */
export function tellServerEnds(secure: TLSSocket): void {
  const under = streamUnder(secure)
  if (!(under instanceof SocketDuplex)) return
  greeted.add(under)
  tellEnds(secure, under)
}

/** Those under a TLS socket of a server whose handshake is done. */
const greeted = new WeakSet<SocketDuplex>()

/** Whether a server speaks TLS on its connections: of `node:tls`, `node:https`, `node:http2`'s secure ones. */
export function speaksTls(server: object): boolean {
  return 'setSecureContext' in server
}

/**
 * A client that leaves in the middle of the handshake leaves nothing behind, as on Node's own sockets: the TLS socket
 * would wait for the rest of the handshake until its time limit.
 */
export function endWithoutHandshake(under: SocketDuplex): void {
  under.once('end', () => {
    if (!greeted.has(under)) under.destroy()
  })
}
