/** What Python's socket module has beside its class: names to addresses, and sockets that are ready to use. */
import { SocketError } from '../../base/errors.ts'
import { familyOf, type IpAddress, ipOf } from '../address.ts'
import { connectByName } from '../eyeballs/connect.ts'
import type { Host } from '../host.ts'
import { IPPROTO_TCP, IPPROTO_UDP, SOL_SOCKET } from '../options.ts'
import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  AF_UNSPEC,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SOCK_DGRAM,
  SOCK_STREAM,
} from './constants.ts'
import { noUnixSockets } from './endpoint.ts'
import { requireName, resolveName, type SocketName } from './name.ts'
import { openedDatagrams, openedStream, Socket, type SocketOptions } from './socket.ts'
import { patience } from './waiting.ts'

/** Family, type, protocol, canonical name (always empty: the host is not asked for it), and the address. */
export type AddressInfo = readonly [
  family: number,
  type: number,
  protocol: number,
  canonicalName: '',
  name: [string, number],
]

/**
 * getaddrinfo(3): every way to reach the name, in the order of the host's own answer. `''` is every interface.
 * @throws SocketError ENOTFOUND, EAI_AGAIN.
 */
export async function getaddrinfo(
  host: Host,
  name: string,
  port: number,
  family: number = AF_UNSPEC,
  type = 0,
): Promise<AddressInfo[]> {
  requireName([name, port], 'getaddrinfo')
  const addresses = name === '' ? ['::', '0.0.0.0'] : await host.lookup(name, ipOfFamily(family))
  const found: AddressInfo[] = []
  for (const address of addresses) {
    const of = familyOf(address) === 6 ? AF_INET6 : AF_INET
    if (family !== AF_UNSPEC && of !== family) continue
    if (type === 0 || type === SOCK_STREAM) found.push([of, SOCK_STREAM, IPPROTO_TCP, '', [address, port]])
    if (type === 0 || type === SOCK_DGRAM) found.push([of, SOCK_DGRAM, IPPROTO_UDP, '', [address, port]])
  }
  if (found.length === 0) throw new SocketError('ENOTFOUND', 'getaddrinfo', { address: name })
  return found
}

function ipOfFamily(family: number): 4 | 6 | undefined {
  if (family === AF_UNSPEC) return undefined
  return family === AF_INET6 ? 6 : 4
}

/** Settings of `create_connection`. */
export interface ConnectionSettings extends SocketOptions {
  /** Seconds that all attempts together may take, and the patience of the socket then; default: as long as the host tries. */
  readonly timeout?: number | null
  /** Where the connection is to come from. */
  readonly source?: SocketName
}

/**
 * Python's create_connection, by RFC 8305: both families of the name are tried, the attempts overlap, and the first that
 * succeeds gives the socket. Rejects as `connectByName` does, with a SocketTimeout when the patience is over.
 */
export async function create_connection(
  host: Host,
  name: SocketName,
  { timeout = null, source, ...options }: ConnectionSettings = {},
): Promise<Socket> {
  const [where, port] = requireName(name, 'create_connection')
  const giveUp = new AbortController()
  const { signal } = giveUp
  const timer = patience(host, 'connect', timeout, (late) => giveUp.abort(late))
  try {
    const from = source === undefined || isAnywhere(source) ? {} : { from: await sourceOf(host, source) }
    const connection = await connectByName(host, where === '' ? 'localhost' : where, port, { signal, ...from })
    const socket = openedStream(host, connection, options)
    socket.settimeout(timeout)
    return socket
  } catch (error) {
    throw signal.aborted ? signal.reason : error
  } finally {
    timer.cancel()
  }
}

/** Every interface and any port: of either family. */
function isAnywhere([where, port]: SocketName): boolean {
  return where === '' && port === 0
}

async function sourceOf(host: Host, source: SocketName): Promise<IpAddress> {
  const family = familyOf(requireName(source, 'create_connection')[0])
  return ipOf(await resolveName(host, family, source, 'bind'), 'bind')
}

/** Settings of `create_server`. */
export interface ServerSettings extends SocketOptions {
  /** AF_INET (default), AF_INET6, or AF_UNIX: the name is a path then. */
  readonly family?: number
  /** How many connections may wait to be accepted. */
  readonly backlog?: number
  /** Several processes may listen on the port (SO_REUSEPORT). */
  readonly reusePort?: boolean
}

/** Python's create_server: a socket that listens. SO_REUSEADDR is set. */
export async function create_server(
  host: Host,
  name: SocketName,
  { family = AF_INET, backlog = 128, reusePort = false, ...options }: ServerSettings = {},
): Promise<Socket> {
  const socket = new Socket(host, family, SOCK_STREAM, options)
  if (family !== AF_UNIX) socket.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
  if (reusePort) socket.setsockopt(SOL_SOCKET, SO_REUSEPORT, 1)
  try {
    await socket.bind(name)
    await socket.listen(backlog)
  } catch (error) {
    await socket.close()
    throw error
  }
  return socket
}

/**
 * socketpair(2): two sockets that are connected with each other. Of the family AF_UNIX they have no names, and the kernel
 * itself makes the pair. Of another family they are joined over the host's loopback; another program cannot get in
 * between: whoever else calls is sent away.
 * @param family default: AF_UNIX where the host has Unix sockets, else AF_INET.
 */
export async function socketpair(
  host: Host,
  family: number = host.pair === undefined ? AF_INET : AF_UNIX,
  type: number = SOCK_STREAM,
): Promise<[Socket, Socket]> {
  if (family === AF_UNIX) return await unixPair(host, type)
  const loopback = family === AF_INET6 ? '::1' : '127.0.0.1'
  return type === SOCK_DGRAM ? await datagramPair(host, family, loopback) : await streamPair(host, family, loopback)
}

async function unixPair(host: Host, type: number): Promise<[Socket, Socket]> {
  if (host.pair === undefined || host.datagramPair === undefined) throw noUnixSockets('socketpair')
  if (type === SOCK_DGRAM) {
    const [left, right] = await host.datagramPair()
    return [openedDatagrams(host, left), openedDatagrams(host, right)]
  }
  const [left, right] = await host.pair()
  return [openedStream(host, left), openedStream(host, right)]
}

async function streamPair(host: Host, family: number, loopback: string): Promise<[Socket, Socket]> {
  const listener = await create_server(host, [loopback, 0], { family })
  const left = new Socket(host, family, SOCK_STREAM)
  try {
    await left.connect(listener.getsockname())
    for (;;) {
      const [right, [, port]] = await listener.accept()
      if (port === left.getsockname()[1]) return [left, right]
      await right.close()
    }
  } catch (error) {
    await left.close()
    throw error
  } finally {
    await listener.close()
  }
}

async function datagramPair(host: Host, family: number, loopback: string): Promise<[Socket, Socket]> {
  const [left, right] = [new Socket(host, family, SOCK_DGRAM), new Socket(host, family, SOCK_DGRAM)]
  try {
    await left.bind([loopback, 0])
    await right.bind([loopback, 0])
    await left.connect(right.getsockname())
    await right.connect(left.getsockname())
    return [left, right]
  } catch (error) {
    await Promise.all([left.close(), right.close()])
    throw error
  }
}
