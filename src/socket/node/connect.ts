/** `net.connect` on a Host: for the options of libraries that take a function that makes their sockets. */
import { ipVersion } from '../../base/ip.ts'
import { portProblem } from '../../base/port.ts'
import type { Family, IpAddress } from '../address.ts'
import { connectByName } from '../eyeballs/connect.ts'
import type { Connection, Host } from '../host.ts'
import { SocketDuplex } from './duplex.ts'

/** Those options of `net.connect` that mean something on any host. */
export interface NodeConnectOptions {
  readonly host?: string | null | undefined
  readonly port?: number | string | undefined
  /** A Unix socket: refused with EAFNOSUPPORT where the host has none. */
  readonly path?: string | null | undefined
  readonly family?: number | string | undefined
  readonly localAddress?: string | undefined
  readonly localPort?: number | undefined
  /** Asked instead of the host, as libraries hand it down: `dns.lookup`'s signature. */
  readonly lookup?: unknown
  readonly allowHalfOpen?: boolean | undefined
  readonly noDelay?: boolean | undefined
  readonly keepAlive?: boolean | undefined
  /** Milliseconds. */
  readonly keepAliveInitialDelay?: number | undefined
  /** Milliseconds of silence after which 'timeout' is told, connecting included. */
  readonly timeout?: number | undefined
  readonly signal?: AbortSignal | undefined
}

type Listener = () => void
/** `(options, listener)`, `(port, host, listener)`, `(path, listener)`, as `net.connect` takes them. */
export type NodeConnectArguments =
  | readonly [options: NodeConnectOptions, listener?: Listener | undefined]
  | readonly [port: number, host?: string | Listener | undefined, listener?: Listener | undefined]
  | readonly [path: string, listener?: Listener | undefined]

/**
 * `net.connect` on this host: gives a socket that is being connected and tells 'connect' or 'error'. Names are looked up
 * by the host; the addresses of a name are tried in order. Under TLS of Node's own, ask for `allowHalfOpen`: TLS ends its
 * half itself, behind what it has still to send.
 *
 * @example
 * new pg.Client({ stream: () => nodeSocket(host) })
 * tls.connect({ socket: nodeConnect(host)({ host: 'web', port: 443, allowHalfOpen: true }), servername: 'web' })
 * http.get('http://web/', { createConnection: nodeConnect(host) })
 */
export function nodeConnect(host: Host): (...call: NodeConnectArguments) => HostSocket {
  return (...call) => {
    const [options] = normalized(call)
    return new HostSocket(host, options).connect(...call)
  }
}

/** `new net.Socket()` on this host: for libraries that call `connect` themselves. */
export function nodeSocket(host: Host, options: NodeConnectOptions = {}): HostSocket {
  return new HostSocket(host, options)
}

/** A `SocketDuplex` that connects by itself: what `nodeConnect` and `nodeSocket` give. */
export class HostSocket extends SocketDuplex {
  readonly #host: Host
  #abort: AbortController | null = null

  constructor(host: Host, { allowHalfOpen = false, signal }: NodeConnectOptions = {}) {
    super({ allowHalfOpen, clock: host.clock, ...(signal && { signal }) })
    this.#host = host
  }

  /** As `net.Socket`'s. */
  connect(...call: NodeConnectArguments): this {
    const [options, listener] = normalized(call)
    if (listener !== undefined) this.once('connect', listener)
    if (options.noDelay) this.setNoDelay()
    if (options.keepAlive) this.setKeepAlive(true, options.keepAliveInitialDelay)
    if (options.timeout) this.setTimeout(options.timeout)
    this.#abort = new AbortController()
    this.opening()
    this.#establish(options, this.#abort.signal).then(
      (connection) => {
        this.adopt(connection)
        if (this.destroyed) return
        this.emit('connect')
        this.emit('ready')
      },
      (error) => this.destroy(error),
    )
    return this
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#abort?.abort()
    super._destroy(error, done)
  }

  async #establish(options: NodeConnectOptions, signal: AbortSignal): Promise<Connection> {
    if (options.path) return await this.#host.connect({ path: options.path }, { signal })
    const port = Number(options.port)
    const problem = portProblem(port, 1)
    if (problem !== null) throw new RangeError(`connect: ${problem}`)
    const name = options.host || 'localhost'
    const from = sourceOf(options)
    const resolve = (): Promise<readonly string[]> => this.#addresses(options)
    const settings = from === undefined ? { signal, resolve } : { signal, resolve, from }
    return await connectByName(this.#host, name, port, settings)
  }

  async #addresses({ host, family, lookup }: NodeConnectOptions): Promise<readonly string[]> {
    const name = host || 'localhost'
    if (ipVersion(name) !== 0) return [name]
    const wanted = familyOf(family)
    const found = typeof lookup === 'function' ? await byLookup(lookup as Lookup, name, wanted) : null
    const addresses = found ?? (await this.#host.lookup(name, wanted))
    this.emit('lookup', null, addresses[0], wanted ?? null, name)
    return addresses
  }
}

/** `dns.lookup`'s signature. */
type Lookup = (
  name: string,
  options: { readonly all: true; readonly family: number },
  found: (error: Error | null, addresses?: unknown, family?: number) => void,
) => void

function byLookup(lookup: Lookup, name: string, family: Family | undefined): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    lookup(name, { all: true, family: family ?? 0 }, (error, found) => {
      if (error) reject(error)
      else if (Array.isArray(found)) resolve(found.map((one: { address: string }) => one.address))
      else resolve([String(found)])
    })
  })
}

function familyOf(family: number | string | undefined): Family | undefined {
  if (family === 4 || family === 'IPv4') return 4
  return family === 6 || family === 'IPv6' ? 6 : undefined
}

function sourceOf({ localAddress, localPort, host }: NodeConnectOptions): IpAddress | undefined {
  if (localAddress === undefined && localPort === undefined) return undefined
  return { address: localAddress ?? (host?.includes(':') ? '::' : '0.0.0.0'), port: localPort ?? 0 }
}

function normalized(call: NodeConnectArguments): [NodeConnectOptions, Listener | undefined] {
  const [first, second, third] = call as readonly unknown[]
  const listener = [second, third].find((one) => typeof one === 'function') as Listener | undefined
  if (typeof first === 'object' && first !== null) return [first as NodeConnectOptions, listener]
  // `connect('80', 'host')` and `connect('/run/app.sock')`: digits are a port, as with net.connect.
  if (typeof first === 'string' && !/^\d+$/.test(first)) return [{ path: first }, listener]
  return [{ port: first as number | string, host: typeof second === 'string' ? second : undefined }, listener]
}
