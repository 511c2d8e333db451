/** A host whose connections all go to one place. */
import type { Address, Family } from './address.ts'
import { HostDecorator } from './decorate.ts'
import type { Connection, ConnectOptions, Host, OptionSettings } from './host.ts'
import { OPTIONS, type OptionName, SOL_SOCKET } from './options.ts'

/**
 * A host that connects to `to`, whatever address is asked for, and whose names need no lookup: for a server behind a Unix
 * socket, as `curl --unix-socket` reaches one. It listens and does all else as `host` does. Options of IP and TCP do not
 * go along to a path.
 *
 * @example
 * const docker = new Client(connectTo(kernelHost(), { path: '/run/docker.sock' }))
 * const reply = await docker.request('http://localhost/version')
 */
export function connectTo(host: Host, to: Address): Host {
  return new ConnectsTo(host, to)
}

class ConnectsTo extends HostDecorator {
  readonly #to: Address

  constructor(of: Host, to: Address) {
    super(of)
    this.#to = to
  }

  override connect(_asked: Address, options: ConnectOptions = {}): Promise<Connection> {
    const along = this.#to.path === undefined ? options : { ...options, options: generic(options.options ?? {}) }
    return super.connect(this.#to, along)
  }

  /** One address, so that one attempt is made. */
  override async lookup(_name: string, family?: Family): Promise<readonly string[]> {
    return family === 6 ? [] : ['127.0.0.1']
  }
}

/** Those that are not a protocol's. */
function generic(options: OptionSettings): OptionSettings {
  return Object.fromEntries(Object.entries(options).filter(([name]) => OPTIONS[name as OptionName][0] === SOL_SOCKET))
}
