/** One exchange over TCP (RFC 7766): two octets of length, then the message. */
import { after, type Nanos } from '../../base/clock.ts'
import { SocketError } from '../../base/errors.ts'
import type { IpAddress as Address } from '../../socket/address.ts'
import type { Connection, Host } from '../../socket/host.ts'
import type { ExchangeLimits } from '../limits.ts'
import { encode } from '../message/encode.ts'
import type { Message } from '../message/message.ts'
import type { Name } from '../message/name.ts'
import { judge } from './judge.ts'
import type { Attempt } from './udp.ts'

export async function askOverTcp(
  host: Host,
  server: Address,
  query: Message,
  name: Name,
  limits: ExchangeLimits,
): Promise<Attempt> {
  const giveUp = new AbortController()
  const timer = after(host.clock, limits.tcpTimeout, () => giveUp.abort())
  const started = host.clock.now()
  try {
    const connection = await host.connect(server, { signal: giveUp.signal, options: { TCP_NODELAY: 1 } })
    return await exchange(host, connection, query, name, giveUp.signal, started)
  } catch (error) {
    if (giveUp.signal.aborted) return { kind: 'timeout' }
    if (error instanceof SocketError) return { kind: 'error', why: error.message }
    throw error
  } finally {
    timer.cancel()
  }
}

function exchange(
  host: Host,
  connection: Connection,
  query: Message,
  name: Name,
  signal: AbortSignal,
  started: Nanos,
): Promise<Attempt> {
  return new Promise((resolve) => {
    const frame = new FrameReader()
    let settled = false
    const done = (attempt: Attempt) => {
      if (settled) return
      settled = true
      resolve(attempt)
      connection.close()
    }
    signal.addEventListener('abort', () => {
      done({ kind: 'timeout' })
      connection.reset()
    })
    connection.attach({
      onData(bytes) {
        const reply = frame.push(bytes)
        if (reply === null) return
        const judgement = judge(reply, query, name)
        // On a connection of our own nobody else can answer; a server that folds names is believed here.
        if (judgement.kind !== 'foreign')
          done({ kind: 'reply', message: judgement.message, rtt: host.clock.now() - started, size: reply.length })
        else done({ kind: 'error', why: 'what came over TCP is not the reply to the question' })
      },
      onEnd: () => done({ kind: 'error', why: 'the server closed the connection without a reply' }),
      onDrain() {},
      onClose: (error) => done({ kind: 'error', why: error?.message ?? 'the connection was closed without a reply' }),
    })
    connection.write(framed(encode(query)))
  })
}

/** The message with its length before it, in one piece: one segment (RFC 7766 §8). */
export function framed(message: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(message.length + 2)
  bytes[0] = message.length >>> 8
  bytes[1] = message.length & 255
  bytes.set(message, 2)
  return bytes
}

/** Puts one message together from the pieces in which it comes; at most 65,537 octets. */
class FrameReader {
  #bytes = new Uint8Array(514)
  #length = 0

  /** The message once it is whole, else null. */
  push(piece: Uint8Array): Uint8Array | null {
    const wanted = this.#length + piece.length
    if (wanted > this.#bytes.length) {
      const grown = new Uint8Array(Math.min(65537 + 2, Math.max(wanted, 2 * this.#bytes.length)))
      grown.set(this.#bytes.subarray(0, this.#length))
      this.#bytes = grown
    }
    const taken = piece.subarray(0, this.#bytes.length - this.#length)
    this.#bytes.set(taken, this.#length)
    this.#length += taken.length
    if (this.#length < 2) return null
    const end = 2 + ((this.#bytes[0]! << 8) | this.#bytes[1]!)
    return this.#length < end ? null : this.#bytes.subarray(2, end)
  }
}
