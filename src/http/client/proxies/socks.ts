/** A connection through a SOCKS 5 proxy (RFC 1928), with a name and a password where the proxy asks for them (RFC 1929). */
import type { SocketError } from '../../../base/errors.ts'
import { ipVersion, parseIp4, parseIp6 } from '../../../base/ip.ts'
import type { Connection, ConnectionOwner, Host } from '../../../socket/host.ts'
import { dial, type Resolve } from '../../dial.ts'
import { HttpMisuse, RequestError } from '../../errors.ts'
import { ByteAccumulator } from '../../machine/accumulator.ts'
import { utf8 } from '../../machine/text.ts'

/** Where the proxy is, and who asks it. */
export interface SocksProxy {
  readonly host: string
  readonly port: number
  /** Null where the proxy needs none. */
  readonly credentials: { readonly user: string; readonly password: string } | null
}

const VERSION = 5
const AUTH_VERSION = 1
const NO_AUTH = 0
const BY_PASSWORD = 2
const CONNECT = 1

/** RFC 1928 §6. */
const REFUSALS = [
  '',
  'general failure',
  'not allowed by its rules',
  'network unreachable',
  'host unreachable',
  'connection refused',
  'time to live expired',
  'command not supported',
  'address type not supported',
]

/**
 * Asks the proxy for a connection to `host:port`. A name is resolved by the proxy, and by nobody here. Rejects with
 * `RequestError` 'tunnel' when it refuses.
 */
export async function socksTunnel(
  on: Host,
  proxy: SocksProxy,
  host: string,
  port: number,
  signal: AbortSignal,
  resolve?: Resolve,
): Promise<Connection> {
  const request = requestFor(host, port)
  const authentication = proxy.credentials === null ? null : authenticationOf(proxy.credentials)
  const connection = await dial(on, proxy.host, proxy.port, signal, resolve)
  return new Promise((done, reject) => {
    const abort = () => opening.fail(new RequestError('aborted', 'the tunnel was given up', signal.reason))
    const over = () => signal.removeEventListener('abort', abort)
    const opening = new Opening(connection, { request, authentication }, done, reject, over)
    signal.addEventListener('abort', abort)
    connection.attach(opening)
    connection.write(greeting(authentication !== null))
  })
}

function greeting(canAuthenticate: boolean): Uint8Array {
  return Uint8Array.from(canAuthenticate ? [VERSION, 2, NO_AUTH, BY_PASSWORD] : [VERSION, 1, NO_AUTH])
}

function requestFor(host: string, port: number): Uint8Array {
  const name = host.replace(/^\[|\]$/g, '')
  const ends = [port >> 8, port & 0xff]
  const version = ipVersion(name)
  if (version === 4) {
    const address = parseIp4(name)
    const octets = [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff)
    return Uint8Array.from([VERSION, CONNECT, 0, 1, ...octets, ...ends])
  }
  if (version === 6) return Uint8Array.from([VERSION, CONNECT, 0, 4, ...parseIp6(name)!, ...ends])
  const bytes = counted('the name', name)
  return Uint8Array.from([VERSION, CONNECT, 0, 3, ...bytes, ...ends])
}

function authenticationOf({ user, password }: { user: string; password: string }): Uint8Array {
  return Uint8Array.from([AUTH_VERSION, ...counted('the user', user), ...counted('the password', password)])
}

/** One octet says how long a text is. */
function counted(what: string, text: string): readonly number[] {
  const bytes = utf8(text)
  if (bytes.length === 0 || bytes.length > 255)
    throw new HttpMisuse('HTTP_INVALID_URL', `SOCKS: ${what} must have 1 to 255 bytes, not ${bytes.length}`)
  return [bytes.length, ...bytes]
}

interface Messages {
  readonly request: Uint8Array
  readonly authentication: Uint8Array | null
}

/** What the proxy says next, and how many bytes of it there must be at least. */
const STEPS = { method: 2, authenticated: 2, reply: 5 } as const

/** Owns the connection until the proxy has answered. */
class Opening implements ConnectionOwner {
  readonly #connection: Connection
  readonly #messages: Messages
  readonly #resolve: (connection: Connection) => void
  readonly #reject: (error: Error) => void
  readonly #over: () => void
  readonly #got = new ByteAccumulator()
  #step: keyof typeof STEPS | 'done' = 'method'

  constructor(
    connection: Connection,
    messages: Messages,
    resolve: (connection: Connection) => void,
    reject: (error: Error) => void,
    over: () => void,
  ) {
    this.#connection = connection
    this.#messages = messages
    this.#resolve = resolve
    this.#reject = reject
    this.#over = over
  }

  fail(error: Error): void {
    if (this.#step === 'done') return
    this.#finish()
    this.#connection.reset()
    this.#reject(error)
  }

  onData(bytes: Uint8Array): void {
    this.#got.append(bytes)
    while (this.#hasMessage()) if (!this.#read()) return
  }

  #hasMessage(): boolean {
    return this.#step !== 'done' && this.#got.length >= STEPS[this.#step]
  }

  /** Reads one message; false when more of the message has to come. */
  #read(): boolean {
    const [first = 0, second = 0, , type = 0, length = 0] = this.#got.peek()
    if (this.#step === 'method') {
      this.#skip(2)
      if (first !== VERSION) this.#refuse(`it speaks no SOCKS 5 (first byte ${first})`)
      else if (second === NO_AUTH) this.#say('reply', this.#messages.request)
      else if (second === BY_PASSWORD && this.#messages.authentication !== null)
        this.#say('authenticated', this.#messages.authentication)
      else this.#refuse('it wants another kind of authentication: give user and password in the URL of the proxy')
    } else if (this.#step === 'authenticated') {
      this.#skip(2)
      if (first !== AUTH_VERSION || second !== 0) this.#refuse('it does not take the user and the password')
      else this.#say('reply', this.#messages.request)
    } else {
      const addressLength = type === 1 ? 4 : type === 4 ? 16 : type === 3 ? 1 + length : -1
      if (first !== VERSION || addressLength < 0) this.#refuse('its answer is no SOCKS 5')
      else if (second !== 0) this.#refuse(REFUSALS[second] ?? `code ${second}`)
      else if (this.#got.length < 4 + addressLength + 2) return false
      else this.#open(4 + addressLength + 2)
    }
    return true
  }

  #say(next: keyof typeof STEPS, message: Uint8Array): void {
    this.#step = next
    this.#connection.write(message)
  }

  #skip(count: number): void {
    const rest = this.#got.take().slice(count)
    this.#got.append(rest)
  }

  #open(length: number): void {
    this.#finish()
    // What arrives before the next owner is there waits in the host; so does what the far side has said already.
    this.#connection.pause()
    this.#connection.unread(this.#got.take().slice(length))
    this.#resolve(this.#connection)
  }

  #finish(): void {
    this.#step = 'done'
    this.#over()
  }

  #refuse(why: string): void {
    this.fail(new RequestError('tunnel', `the SOCKS proxy refused: ${why}`, undefined, false))
  }

  onDrain(): void {}

  onEnd(): void {
    this.#refuse('it closed without an answer')
  }

  onClose(error: SocketError | null): void {
    if (error === null) this.#refuse('it closed without an answer')
    else this.fail(error)
  }
}
