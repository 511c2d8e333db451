/** A `net.Server` as a `Listener`. */
import { chmodSync } from 'node:fs'
import {
  type AddressInfo,
  createServer,
  type ListenOptions as ListenOpts,
  type Server,
  type ServerOpts,
  type Socket,
} from 'node:net'
import { type Address, placeOf } from '../../socket/address.ts'
import type { Connection, Listener, ListenOptions } from '../../socket/host.ts'
import { type Linger, noSuchOption, type OptionName, type OptionValue } from '../../socket/options.ts'
import { DEFAULT_BACKLOG } from '../driver.ts'
import { fromNode } from '../errors.ts'
import { given, lingerOf, numberValue, requireOption } from '../options.ts'
import { nameOf, socketFamily } from '../sockaddr.ts'
import { boundSocket } from '../streams/socket.ts'
import { hasFile } from '../unix/file.ts'
import { NodeConnection } from './connection.ts'
import { descriptor, getStreamOption, inherit, remember, setStreamOption } from './options.ts'
import type { NodeSettings } from './settings.ts'

export function listen(
  settings: NodeSettings,
  at: Address,
  accept: (connection: Connection) => void,
  options: ListenOptions,
): Promise<Listener> {
  const { libc } = settings
  const wanted = given(options.options)
  for (const [name] of wanted) requireOption('setsockopt', 'stream', socketFamily(at), name)
  const { highWaterMark } = settings.limits
  const inherited = libc === null ? inheritedOptions(wanted) : {}
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, highWaterMark, ...inherited })
  const backlog = options.backlog ?? DEFAULT_BACKLOG
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(fromNode(error, 'listen', placeOf(at))))
    // With FFI the socket is made here: most options count only before it is bound.
    const where = libc === null ? nodeOptions(at, wanted) : { fd: boundSocket(libc, at, options, 0) }
    server.listen({ ...where, backlog, exclusive: true }, () => {
      const listener = new NodeListener(server, settings, accept, backlog, lingerOf(options.options), at)
      if (libc === null && options.mode !== undefined && hasFile(at)) chmodSync(at.path, options.mode)
      if (libc === null)
        for (const [name, value] of wanted) if (name in INHERITED) remember(server, name, numberValue(name, value))
      resolve(listener)
    })
  })
}

/** What Node itself can set before it binds. @throws SocketError ENOPROTOOPT for the rest. */
function nodeOptions(at: Address, wanted: readonly [OptionName, OptionValue][]): ListenOpts {
  const options: ListenOpts = at.path === undefined ? { host: at.address, port: at.port } : { path: at.path }
  for (const [name, value] of wanted) {
    if (name === 'SO_REUSEPORT') options.reusePort = numberValue(name, value) !== 0
    else if (name === 'IPV6_V6ONLY') options.ipv6Only = numberValue(name, value) !== 0
    else if (name === 'SO_REUSEADDR') {
      // libuv sets it on every listening socket, before bind.
      if (numberValue(name, value) === 0) throw noSuchOption('setsockopt', 'SO_REUSEADDR = 0')
    } else if (!(name in INHERITED)) throw noSuchOption('setsockopt', name)
  }
  return options
}

/** Without FFI: the options that Node sets on every connection it accepts, by its own names for them. */
const INHERITED: { readonly [name in OptionName]?: 'noDelay' | 'keepAlive' } = {
  TCP_NODELAY: 'noDelay',
  SO_KEEPALIVE: 'keepAlive',
}

function inheritedOptions(wanted: readonly [OptionName, OptionValue][]): ServerOpts {
  const options: ServerOpts = { keepAlive: true, keepAliveInitialDelay: 60_000 } // as with FFI: stream-socket.ts
  for (const [name, value] of wanted) {
    const option = INHERITED[name]
    if (option !== undefined) options[option] = numberValue(name, value) !== 0
  }
  return options
}

class NodeListener implements Listener {
  readonly local: Address
  readonly #server: Server
  readonly #settings: NodeSettings
  readonly #accept: (connection: Connection) => void
  readonly #backlog: number
  /** Accepted sockets inherit it. */
  #linger: Linger | null
  #paused = false
  #closed = false
  /** While paused: Node cannot leave connections in the kernel's queue, so they wait here, unread. */
  #waiting: Socket[] = []

  constructor(
    server: Server,
    settings: NodeSettings,
    accept: (connection: Connection) => void,
    backlog: number,
    linger: Linger | null,
    at: Address,
  ) {
    this.#linger = linger
    if (at.path === undefined) {
      const { address, port } = server.address() as AddressInfo
      this.local = { address, port }
    } else this.local = at
    this.#server = server
    this.#settings = settings
    this.#accept = accept
    this.#backlog = backlog
    server.on('connection', (socket) => this.#arrived(socket))
    server.on('error', () => {}) // a failed accept(2) concerns one connection, which its client sees fail
  }

  #arrived(socket: Socket): void {
    inherit(this.#server, socket)
    if (socket.remoteAddress === undefined && this.local.path === undefined)
      socket.on('error', ignore).destroy() // its client has reset it already
    else if (!this.#paused) this.#accept(this.#connection(socket))
    else if (this.#waiting.length < this.#backlog) this.#waiting.push(socket.on('error', ignore))
    else this.#refuse(socket)
  }

  /** A client of a Unix socket seldom has a name. */
  #connection(socket: Socket): NodeConnection {
    const { local } = this
    const names = local.path === undefined ? null : { local, remote: this.#peerName(socket) }
    return new NodeConnection(socket, this.#settings, this.#linger, names)
  }

  #peerName(socket: Socket): Address {
    const { libc } = this.#settings
    return (libc === null ? null : nameOf(libc, descriptor(socket), 'getpeername')) ?? { path: '' }
  }

  #refuse(socket: Socket): void {
    if (this.local.path === undefined) socket.resetAndDestroy()
    else socket.destroy()
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    if (!this.#paused || this.#closed) return
    this.#paused = false
    setImmediate(() => this.#release())
  }

  #release(): void {
    while (!this.#paused && this.#waiting.length > 0) {
      const socket = this.#waiting.shift()!
      const connection = this.#connection(socket)
      socket.removeListener('error', ignore)
      this.#accept(connection)
    }
  }

  close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true
      this.#server.close() // its callback would wait for the accepted connections, which live on
      for (const socket of this.#waiting) this.#refuse(socket)
      this.#waiting = []
    }
    return new Promise((resolve) => setImmediate(resolve))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  setOption(name: OptionName, value: OptionValue): void {
    setStreamOption(this.#settings, this.#server, this.local, name, value)
    if (name === 'SO_LINGER') this.#linger = value as Linger
  }

  getOption(name: OptionName): OptionValue {
    return getStreamOption(this.#settings, this.#server, this.local, name)
  }
}

function ignore(): void {}
