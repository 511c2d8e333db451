/** PostgreSQL behind a port of a Host: PGlite, which is PostgreSQL itself as WebAssembly, spoken to by its own protocol. */
import type { Connection, Host, Listener } from '../../socket/host.ts'
import { SIM_LIMITS } from '../limits.ts'

/** What `servePglite` needs of a `PGlite` (of `@electric-sql/pglite`). */
export interface PgliteDatabase {
  /** Answers one or more messages of the frontend with those of the backend. */
  execProtocolRaw(messages: Uint8Array): Promise<Uint8Array>
  /** Runs SQL. */
  exec(sql: string): Promise<unknown>
}

/** What `servePglite` takes of a client. */
export interface PgliteOptions {
  /** The longest message that a client may send, in bytes; default 64 MiB. */
  readonly messageBytes?: number
}

/** Codes in the place of a version (PostgreSQL documentation, "Message Formats"). */
const [SSL_REQUEST, GSS_REQUEST, CANCEL_REQUEST] = [80877103, 80877104, 80877102]
const TERMINATE = 'X'.charCodeAt(0)
/** What ends a batch that is answered at once: Query, Sync, Flush, FunctionCall. */
const ENDS = new Set(['Q', 'S', 'H', 'F'].map((type) => type.charCodeAt(0)))

/** StartupMessage, version 3.0. */
const STARTUP = startup('user', 'postgres', 'database', 'postgres', '')

function startup(...words: readonly string[]): Uint8Array {
  const text = new TextEncoder().encode(words.map((word) => `${word}\0`).join(''))
  const message = new Uint8Array(8 + text.length)
  const view = new DataView(message.buffer)
  view.setUint32(0, message.length)
  view.setUint32(4, 3 << 16)
  message.set(text, 8)
  return message
}

/**
 * Serves a PGlite to clients of PostgreSQL (`pg`, `postgres`), in the simulator or on this machine: without passwords and
 * encryption, protocol version 3.
 *
 * PGlite is one session. A client has it to itself from the beginning of a transaction to its end; the others wait, as for
 * a lock on everything. The transaction of a client that leaves is rolled back, and so is one that a crash of the machine
 * has left open: what was committed is there after `restart()`. Settings (`SET`), temporary tables and names of prepared
 * statements are common to all clients, and so is the user, `postgres`. Virtual time stands still while the database works.
 * @param port 0 lets the host choose
 * @example
 *     const database = await PGlite.create()
 *     net.host('data', { boot: async (host) => void (await servePglite(host, database)) })
 */
export async function servePglite(
  host: Host,
  database: PgliteDatabase,
  port = 5432,
  { messageBytes = SIM_LIMITS.pgliteMessage }: PgliteOptions = {},
): Promise<Listener> {
  const session = new Session(host, database)
  await session.begin()
  return await host.listen({ address: '0.0.0.0', port }, (connection) => {
    new Client(connection, session, messageBytes)
  })
}

/** The one session of a database, which its clients take in turns. */
class Session {
  readonly #host: Host
  readonly #database: PgliteDatabase
  /** What a client is told that begins: it is in, the server's parameters, ready. It need not wait for others. */
  greeting: Uint8Array = new Uint8Array()
  /** Whose transaction is open. */
  #holder: Client | null = null
  #waiting: (() => void)[] = []

  constructor(host: Host, database: PgliteDatabase) {
    this.#host = host
    this.#database = database
  }

  /** A crash may have left a transaction open: it has not happened. */
  async begin(): Promise<void> {
    await this.#rollback()
    const greeting = await this.#host.clock.hold(this.#database.execProtocolRaw(STARTUP))
    this.greeting = greeting.slice() // an answer lies in memory that the next one uses
  }

  #rollback(): Promise<unknown> {
    return this.#host.clock.hold(this.#database.exec('ROLLBACK'))
  }

  async ask(client: Client, messages: Uint8Array): Promise<Uint8Array> {
    while (this.#holder !== null && this.#holder !== client)
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    this.#holder = client
    let open = false
    try {
      const answer = await this.#host.clock.hold(this.#database.execProtocolRaw(messages))
      open = inTransaction(answer)
      return answer
    } finally {
      if (!open) this.#release()
    }
  }

  /** The client has gone. */
  async leave(client: Client): Promise<void> {
    if (this.#holder !== client) return
    await this.#rollback()
    this.#release()
  }

  #release(): void {
    this.#holder = null
    for (const go of this.#waiting.splice(0)) go()
  }
}

/** One who speaks the frontend's part of the protocol. */
class Client {
  readonly #connection: Connection
  readonly #session: Session
  readonly #limit: number
  readonly #input = new Input()
  #started = false
  #batch: Uint8Array[] = []
  #gone = false
  /** Answers follow in the order of the questions. */
  #turn: Promise<void> = Promise.resolve()

  constructor(connection: Connection, session: Session, limit: number) {
    this.#connection = connection
    this.#session = session
    this.#limit = limit
    connection.attach({
      onData: (bytes) => {
        this.#input.add(bytes)
        while (this.#take());
      },
      onEnd: () => this.#leave(),
      onDrain() {},
      onClose: () => this.#leave(),
    })
  }

  #leave(): void {
    if (this.#gone) return
    this.#gone = true
    this.#turn = this.#turn.then(() => this.#session.leave(this))
    void this.#turn.finally(() => this.#connection.close())
  }

  /** Takes one message off what has arrived. @returns whether there was a whole one */
  #take(): boolean {
    if (this.#gone) return false
    // The first messages have no type.
    const at = this.#started ? 1 : 0
    const length = this.#input.u32(at)
    if (length === null) return false
    if (length < 4 || length > this.#limit) {
      this.#leave()
      return false
    }
    const message = this.#input.take(at + length)
    if (message === null) return false
    if (!this.#started) this.#first(message)
    else if (message[0] === TERMINATE) this.#leave()
    else {
      this.#batch.push(message)
      if (ENDS.has(message[0]!)) this.#run(this.#batch.splice(0))
    }
    return true
  }

  #first(message: Uint8Array): void {
    const code = message.length < 8 ? 0 : new DataView(message.buffer).getUint32(4)
    if (code === SSL_REQUEST || code === GSS_REQUEST) this.#connection.write(Uint8Array.of('N'.charCodeAt(0)))
    else if (code >>> 16 !== 3 || code === CANCEL_REQUEST) this.#leave()
    else {
      this.#started = true
      this.#connection.write(this.#session.greeting)
    }
  }

  #run(messages: readonly Uint8Array[]): void {
    this.#turn = this.#turn
      .then(async () => {
        if (!this.#gone) this.#connection.write(await this.#session.ask(this, Buffer.concat(messages)))
      })
      // PGlite itself has failed: to its client the server has gone.
      .catch(() => this.#connection.reset())
  }
}

/** Bytes that have arrived, in the pieces in which they came. */
class Input {
  readonly #pieces: Uint8Array[] = []
  #size = 0

  add(bytes: Uint8Array): void {
    this.#pieces.push(bytes.slice())
    this.#size += bytes.length
  }

  /** A number at a position near the front; null when not so much has arrived. */
  u32(at: number): number | null {
    if (this.#size < at + 4) return null
    const front = this.#front(at + 4)
    return new DataView(front.buffer, front.byteOffset).getUint32(at)
  }

  /** So many bytes off the front, in memory of their own; null when not so many have arrived. */
  take(length: number): Uint8Array | null {
    if (this.#size < length) return null
    const front = this.#front(length)
    const taken = front.slice(0, length)
    this.#size -= length
    this.#pieces.shift()
    if (front.length > length) this.#pieces.unshift(front.subarray(length))
    return taken
  }

  /** The first piece, joined with the next ones until it has so many bytes. */
  #front(length: number): Uint8Array {
    let joined = 0
    let count = 0
    while (joined < length) joined += this.#pieces[count++]!.length
    if (count > 1) this.#pieces.splice(0, count, Buffer.concat(this.#pieces.slice(0, count)))
    return this.#pieces[0]!
  }
}

/** What the last message, ReadyForQuery, says: 'Z', a length of 5, 'I' for idle. */
function inTransaction(answer: Uint8Array): boolean {
  const at = answer.length - 6
  return at >= 0 && answer[at] === 'Z'.charCodeAt(0) && answer[at + 5] !== 'I'.charCodeAt(0)
}
