/** A `net.Socket` as a `Connection`. */

import type { Socket } from 'node:net'
import { plainBytes } from '../../base/bytes.ts'
import type { SocketError } from '../../base/errors.ts'
import type { Address } from '../../socket/address.ts'
import type { Connection, ConnectionOwner } from '../../socket/host.ts'
import type { Linger, OptionName, OptionValue } from '../../socket/options.ts'
import { fromNode } from '../errors.ts'
import type { NodeSettings } from './driver.ts'
import { getStreamOption, setStreamOption } from './options.ts'

export class NodeConnection implements Connection {
  readonly local: Address
  readonly remote: Address
  readonly #socket: Socket
  readonly #settings: NodeSettings
  #owner: ConnectionOwner | null = null
  /** No more writes: `end`, `close` or `reset` was called. */
  #ending = false
  /** `close` or `reset` was called: nothing more is delivered but `onClose(null)`. */
  #closing = false
  #linger: Linger | null
  #error: SocketError | null = null
  #closed = false
  #closeTold = false

  /**
   * @param socket connected, with `allowHalfOpen`, and paused: nothing may have been read from it yet.
   * @param linger what it has from its listener or was given when it was connected.
   */
  constructor(socket: Socket, settings: NodeSettings, linger: Linger | null) {
    this.#socket = socket
    this.#linger = linger
    this.#settings = settings
    this.local = { address: socket.localAddress ?? '', port: socket.localPort ?? 0 }
    this.remote = { address: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 }
    socket.on('data', (bytes: Uint8Array) => {
      if (!this.#closing) this.#owner?.onData(plainBytes(bytes))
    })
    socket.on('end', () => {
      if (!this.#closing) this.#owner?.onEnd()
    })
    socket.on('drain', () => {
      if (!this.#ending) this.#owner?.onDrain()
    })
    socket.on('error', (error) => {
      this.#error = fromNode(error, (error as NodeJS.ErrnoException).syscall ?? 'read', this.remote)
    })
    socket.on('close', () => {
      this.#closed = true
      this.#tellClose()
    })
  }

  attach(owner: ConnectionOwner): void {
    this.#owner = owner
    if (this.#closed) process.nextTick(() => this.#tellClose())
    else this.#socket.resume() // flows from the next tick
  }

  #tellClose(): void {
    if (this.#closeTold || this.#owner === null) return
    this.#closeTold = true
    this.#owner.onClose(this.#closing ? null : this.#error)
  }

  write(bytes: Uint8Array): boolean {
    if (this.#ending || !this.#socket.writable) return false
    // The stream keeps a reference when the kernel does not take everything at once: the copy is the price.
    return this.#socket.write(Buffer.from(bytes))
  }

  cork(): void {
    this.#socket.cork()
  }

  uncork(): void {
    this.#socket.uncork()
  }

  get queued(): number {
    return this.#socket.writableLength
  }

  pause(): void {
    if (!this.#closing) this.#socket.pause()
  }

  resume(): void {
    if (this.#owner !== null) this.#socket.resume()
  }

  end(): void {
    if (this.#ending) return
    this.#ending = true
    this.#socket.end()
  }

  close(): void {
    if (this.#closing) return
    if (this.#linger?.on && this.#linger.seconds === 0) {
      this.reset() // Node's own close would send FIN first
      return
    }
    // close(2) would stop the event loop until the peer has everything; the bytes are sent all the same.
    if (this.#linger?.on && !this.#socket.destroyed) this.setOption('SO_LINGER', { on: false, seconds: 0 })
    this.#ending = true
    this.#closing = true
    this.#socket.resume() // what still arrives is read and dropped: unread bytes would make the kernel send RST
    this.#socket.destroySoon()
  }

  reset(): void {
    const shutting = this.#ending && !this.#socket.writableFinished
    this.#ending = true
    this.#closing = true
    if (this.#socket.destroyed) return
    if (this.#settings.libc !== null) {
      this.setOption('SO_LINGER', { on: true, seconds: 0 })
      this.#socket.destroy()
    } else if (shutting) {
      // While a shutdown is under way libuv refuses to reset (EINVAL), and Node then never closes the handle.
      this.#socket.destroy()
    } else this.#socket.resetAndDestroy()
  }

  setOption(name: OptionName, value: OptionValue): void {
    setStreamOption(this.#settings, this.#socket, this.remote, name, value)
    if (name === 'SO_LINGER') this.#linger = value as Linger
  }

  getOption(name: OptionName): OptionValue {
    return getStreamOption(this.#settings, this.#socket, this.remote, name)
  }
}
