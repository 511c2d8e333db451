/**
 * A small server of the Redis protocol (RESP2) with true semantics for the commands that it has: everything else is an
 * error, as on a server that lacks a module.
 */
import type { Clock } from '../../../src/base/clock.ts'
import type { Connection, Host, Listener } from '../../../src/socket/host.ts'

/** A reply: text is a bulk string, null is nil. */
type Reply = string | number | null | Status | Failure | readonly Reply[]
interface Status {
  readonly status: string
}
interface Failure {
  readonly failure: string
}

interface Entry {
  readonly value: string
  /** Milliseconds since 1970; null: it stays. */
  readonly expires: number | null
}

const OK: Status = { status: 'OK' }
const NO_INTEGER: Failure = { failure: 'ERR value is not an integer or out of range' }

/** What the clients of one server share. */
class Store {
  readonly #clock: Clock
  readonly #entries = new Map<string, Entry>()
  /** Counts the changes of each key, for WATCH. */
  readonly versions = new Map<string, number>()
  readonly subscribers = new Map<string, Set<Client>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  entry(key: string): Entry | null {
    const entry = this.#entries.get(key)
    if (entry === undefined) return null
    if (entry.expires === null || entry.expires > this.#clock.wallMillis()) return entry
    this.remove(key)
    return null
  }

  put(key: string, value: string, expires: number | null = null): void {
    this.#entries.set(key, { value, expires })
    this.#changed(key)
  }

  remove(key: string): boolean {
    this.#changed(key)
    return this.#entries.delete(key)
  }

  expiry(millis: number): number {
    return this.#clock.wallMillis() + millis
  }

  left(key: string): number {
    const entry = this.entry(key)
    if (entry === null) return -2
    return entry.expires === null ? -1 : entry.expires - this.#clock.wallMillis()
  }

  #changed(key: string): void {
    this.versions.set(key, (this.versions.get(key) ?? 0) + 1)
  }
}

type Command = (store: Store, client: Client, ...values: string[]) => Reply

const COMMANDS: { readonly [name: string]: { readonly least: number; readonly run: Command } } = {
  PING: { least: 0, run: (_store, _client, text) => text ?? { status: 'PONG' } },
  ECHO: { least: 1, run: (_store, _client, text) => text! },
  SELECT: {
    least: 1,
    run: (_store, _client, index) => (index === '0' ? OK : { failure: 'ERR DB index is out of range' }),
  },
  INFO: { least: 0, run: () => '# Server\r\nredis_version:7.0.0\r\nloading:0\r\n' },
  GET: { least: 1, run: (store, _client, key) => store.entry(key!)?.value ?? null },
  SET: { least: 2, run: (store, _client, key, value, ...options) => set(store, key!, value!, options) },
  DEL: {
    least: 1,
    run: (store, _client, ...keys) => keys.filter((key) => store.entry(key) && store.remove(key)).length,
  },
  INCR: { least: 1, run: (store, _client, key) => add(store, key!, 1) },
  INCRBY: { least: 2, run: (store, _client, key, by) => add(store, key!, Number(by)) },
  PTTL: { least: 1, run: (store, _client, key) => store.left(key!) },
  TTL: { least: 1, run: (store, _client, key) => seconds(store.left(key!)) },
  EXPIRE: {
    least: 2,
    run: (store, _client, key, life) => {
      const entry = store.entry(key!)
      if (entry === null) return 0
      if (!/^-?\d+$/.test(life!)) return NO_INTEGER
      store.put(key!, entry.value, store.expiry(Number(life) * 1000))
      return 1
    },
  },
  PUBLISH: {
    least: 2,
    run: (store, _client, channel, text) => {
      const heard = store.subscribers.get(channel!) ?? new Set()
      for (const client of heard) client.send(['message', channel!, text!])
      return heard.size
    },
  },
  SUBSCRIBE: { least: 1, run: (_store, client, ...channels) => client.subscribe(channels) },
  UNSUBSCRIBE: { least: 0, run: (_store, client, ...channels) => client.unsubscribe(channels) },
  MULTI: { least: 0, run: (_store, client) => client.multi() },
  EXEC: { least: 0, run: (_store, client) => client.exec() },
  DISCARD: { least: 0, run: (_store, client) => client.discard() },
  WATCH: { least: 1, run: (_store, client, ...keys) => client.watch(keys) },
}
/** These act at once, also between MULTI and EXEC. */
const IMMEDIATE = new Set(['MULTI', 'EXEC', 'DISCARD', 'WATCH'])

function seconds(millis: number): number {
  return millis < 0 ? millis : Math.round(millis / 1000)
}

function set(store: Store, key: string, value: string, options: readonly string[]): Reply {
  let expires: number | null = null
  for (let i = 0; i < options.length; i++) {
    const option = options[i]!.toUpperCase()
    if (option === 'EX' || option === 'PX') {
      const life = Number(options[++i])
      if (!Number.isInteger(life) || life <= 0) return { failure: "ERR invalid expire time in 'set' command" }
      expires = store.expiry(option === 'EX' ? life * 1000 : life)
    } else if (option === 'NX' || option === 'XX') {
      if ((store.entry(key) === null) !== (option === 'NX')) return null
    } else return { failure: 'ERR syntax error' }
  }
  store.put(key, value, expires)
  return OK
}

function add(store: Store, key: string, by: number): Reply {
  const { value, expires } = store.entry(key) ?? { value: '0', expires: null }
  if (!/^-?\d{1,15}$/.test(value) || !Number.isSafeInteger(by)) return NO_INTEGER
  store.put(key, String(Number(value) + by), expires)
  return Number(value) + by
}

class Client {
  readonly #connection: Connection
  readonly #store: Store
  readonly #channels = new Set<string>()
  #text = Buffer.alloc(0)
  /** What waits for EXEC; null outside of MULTI. */
  #queue: (() => Reply)[] | null = null
  /** Something between MULTI and EXEC was no command. */
  #spoilt = false
  readonly #watched = new Map<string, number>()

  constructor(connection: Connection, store: Store) {
    this.#connection = connection
    this.#store = store
    connection.attach({
      onData: (bytes) => this.#read(bytes),
      onEnd: () => connection.close(),
      onDrain() {},
      onClose: () => void this.unsubscribe([]),
    })
  }

  send(reply: Reply): void {
    this.#connection.write(Buffer.from(encoded(reply)))
  }

  #read(bytes: Uint8Array): void {
    this.#text = Buffer.concat([this.#text, bytes])
    for (;;) {
      const taken = request(this.#text)
      if (taken === null) return
      this.#text = this.#text.subarray(taken.length)
      for (const reply of this.#answer(taken.words)) this.send(reply)
    }
  }

  /** SUBSCRIBE and UNSUBSCRIBE answer once for each channel. */
  #answer([word = '', ...values]: readonly string[]): readonly Reply[] {
    const name = word.toUpperCase()
    const command = COMMANDS[name]
    if (command === undefined || values.length < command.least) {
      this.#spoilt = this.#queue !== null
      const wrong =
        command === undefined ? `unknown command '${word}'` : `wrong number of arguments for '${word}' command`
      return [{ failure: `ERR ${wrong}` }]
    }
    if (this.#channels.size > 0 && !['SUBSCRIBE', 'UNSUBSCRIBE', 'PING'].includes(name))
      return [{ failure: `ERR Can't execute '${word}': only (UN)SUBSCRIBE / PING are allowed in this context` }]
    const run = () => command.run(this.#store, this, ...values)
    if (this.#queue !== null && !IMMEDIATE.has(name)) {
      this.#queue.push(run)
      return [{ status: 'QUEUED' }]
    }
    const reply = run()
    return name.endsWith('SUBSCRIBE') ? (reply as readonly Reply[]) : [reply]
  }

  multi(): Reply {
    if (this.#queue !== null) return { failure: 'ERR MULTI calls can not be nested' }
    this.#queue = []
    return OK
  }

  exec(): Reply {
    const [queue, spoilt] = [this.#queue, this.#spoilt]
    const changed = [...this.#watched].some(([key, version]) => this.#version(key) !== version)
    this.discard()
    if (queue === null) return { failure: 'ERR EXEC without MULTI' }
    if (spoilt) return { failure: 'EXECABORT Transaction discarded because of previous errors.' }
    return changed ? null : queue.map((run) => run())
  }

  discard(): Reply {
    const open = this.#queue !== null
    this.#queue = null
    this.#spoilt = false
    this.#watched.clear()
    return open ? OK : { failure: 'ERR DISCARD without MULTI' }
  }

  watch(keys: readonly string[]): Reply {
    for (const key of keys) this.#watched.set(key, this.#version(key))
    return OK
  }

  #version(key: string): number {
    this.#store.entry(key) // which has perhaps expired
    return this.#store.versions.get(key) ?? 0
  }

  subscribe(channels: readonly string[]): readonly Reply[] {
    return channels.map((channel) => {
      const all = this.#store.subscribers
      all.set(channel, (all.get(channel) ?? new Set()).add(this))
      return ['subscribe', channel, this.#channels.add(channel).size]
    })
  }

  unsubscribe(channels: readonly string[]): readonly Reply[] {
    const leaving = channels.length > 0 ? channels : [...this.#channels]
    return leaving.map((channel) => {
      this.#store.subscribers.get(channel)?.delete(this)
      this.#channels.delete(channel)
      return ['unsubscribe', channel, this.#channels.size]
    })
  }
}

/** `*2\r\n$3\r\nGET\r\n$1\r\nk\r\n` off the front; null when it is not whole yet. */
function request(bytes: Buffer): { readonly words: readonly string[]; readonly length: number } | null {
  let at = 0
  const count = (mark: string): number | null => {
    const end = bytes.indexOf('\r\n', at)
    if (end < 0) return null
    if (String.fromCharCode(bytes[at]!) !== mark) throw new Error(`a request with ${bytes.toString('latin1', at, end)}`)
    const value = Number(bytes.toString('latin1', at + 1, end))
    at = end + 2
    return value
  }
  const many = count('*')
  if (many === null) return null
  const words: string[] = []
  while (words.length < many) {
    const size = count('$')
    if (size === null || bytes.length < at + size + 2) return null
    words.push(bytes.toString('utf8', at, at + size))
    at += size + 2
  }
  return { words, length: at }
}

function encoded(reply: Reply): string {
  if (reply === null) return '$-1\r\n'
  if (typeof reply === 'number') return `:${reply}\r\n`
  if (typeof reply === 'string') return `$${Buffer.byteLength(reply)}\r\n${reply}\r\n`
  if ('status' in reply) return `+${reply.status}\r\n`
  if ('failure' in reply) return `-${reply.failure}\r\n`
  return `*${reply.length}\r\n${reply.map(encoded).join('')}`
}

/** Serves an empty store. */
export function serveRedis(host: Host, port = 6379): Promise<Listener> {
  const store = new Store(host.clock)
  return host.listen({ address: '0.0.0.0', port }, (connection) => {
    new Client(connection, store)
  })
}
