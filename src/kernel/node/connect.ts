/** Opens a connection with `net.connect`. */
import { type NetConnectOpts, connect as netConnect, Socket } from 'node:net'
import { type Address, placeOf } from '../../socket/address.ts'
import type { Connection, ConnectOptions } from '../../socket/host.ts'
import { BEFORE_BIND, noSuchOption } from '../../socket/options.ts'
import { aborted } from '../driver.ts'
import { fromNode } from '../errors.ts'
import { given, lingerOf, requireOption } from '../options.ts'
import { socketFamily } from '../sockaddr.ts'
import { NodeConnection, namesOf } from './connection.ts'
import { setStreamOption } from './options.ts'
import type { NodeSettings } from './settings.ts'

export function connect(settings: NodeSettings, to: Address, options: ConnectOptions): Promise<Connection> {
  const { from, signal } = options
  const wanted = given(options.options)
  for (const [name] of wanted) {
    requireOption('setsockopt', 'stream', socketFamily(to), name)
    // These count only before bind, which Node does itself.
    if (BEFORE_BIND.has(name) && name !== 'SO_REUSEADDR') throw noSuchOption('setsockopt', name)
  }
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(aborted(to, signal))
    const wish: NetConnectOpts & { highWaterMark: number } = {
      ...(to.path === undefined ? { host: to.address, port: to.port } : { path: to.path }),
      allowHalfOpen: true,
      highWaterMark: settings.limits.highWaterMark, // handed on to the stream, though its types do not say so
      ...(from === undefined ? {} : { localAddress: from.address, localPort: from.port }),
    }
    const socket = netConnect(wish)
    socket.pause()
    const abort = (): void => {
      socket.destroy()
      reject(aborted(to, signal!))
    }
    const fail = (error: unknown): void => {
      signal?.removeEventListener('abort', abort)
      socket.destroy()
      reject(fromNode(error, syscallOf(error), placeOf(to)))
    }
    signal?.addEventListener('abort', abort, { once: true })
    socket.once('error', fail)
    socket.once('connect', () => {
      try {
        for (const [name, value] of wanted) setStreamOption(settings, socket, to, name, value)
      } catch (error) {
        return fail(error)
      }
      signal?.removeEventListener('abort', abort)
      const connection = new NodeConnection(socket, settings, lingerOf(options.options), namesOf(to))
      socket.removeListener('error', fail)
      resolve(connection)
    })
  })
}

/** `bind` for a `from` that cannot be had. */
function syscallOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).syscall ?? 'connect'
}

/** A connection of a Unix socket's descriptor, which is connected already. */
export function fromDescriptor(settings: NodeSettings, fd: number): Connection {
  const { highWaterMark } = settings.limits
  const options = { fd, readable: true, writable: true, allowHalfOpen: true, pauseOnCreate: true, highWaterMark }
  const socket = new Socket(options) // pauseOnCreate: as accepted sockets are made, though the types do not say so
  const unnamed = { path: '' }
  return new NodeConnection(socket.pause(), settings, null, { local: unnamed, remote: unnamed })
}
