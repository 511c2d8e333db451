/** The opening handshake as the suite speaks it, both sides. */
import { createHash, randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { type Agreed, Peer } from './peer.ts'
import { Deflation, type Role } from './wire.ts'

export const accepted = (key: string) =>
  createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')

export interface Answer {
  readonly status: number
  readonly fields: ReadonlyMap<string, string>
  readonly socket: Socket
  /** What came behind the head. */
  readonly early: Buffer
}

/** Sends a head, and reads one. */
export function ask(url: URL, lines: readonly string[]): Promise<Answer> {
  const socket = connect(Number(url.port || 80), url.hostname)
  return new Promise((resolve, reject) => {
    let held = Buffer.alloc(0)
    const read = (bytes: Buffer) => {
      held = Buffer.concat([held, bytes])
      const end = held.indexOf('\r\n\r\n')
      if (end < 0) return
      socket.off('data', read)
      socket.pause()
      const [first = '', ...rest] = held.subarray(0, end).toString('latin1').split('\r\n')
      const fields = new Map(
        rest.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
      )
      resolve({ status: Number(first.split(' ')[1]), fields, socket, early: held.subarray(end + 4) })
    }
    socket.on('data', read)
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('the server has closed the connection without an answer')))
    socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  })
}

/** The lines of a sound request. */
export function requestLines(url: URL, key: string, more: readonly string[] = []): string[] {
  return [
    `GET ${url.pathname}${url.search} HTTP/1.1`,
    `Host: ${url.host}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Key: ${key}`,
    'Sec-WebSocket-Version: 13',
    ...more,
  ]
}

/** The suite as a client of the server under test. */
export async function dial(url: URL, extensions: string | undefined): Promise<Peer> {
  const key = randomBytes(16).toString('base64')
  const more = extensions === undefined ? [] : [`Sec-WebSocket-Extensions: ${extensions}`]
  const { status, fields, socket, early } = await ask(url, requestLines(url, key, more))
  if (status !== 101) throw new Error(`the server answered ${status} to the handshake`)
  if (fields.get('sec-websocket-accept') !== accepted(key)) throw new Error('Sec-WebSocket-Accept is wrong')
  const peer = new Peer('client', socket, early, agreedOf('client', fields.get('sec-websocket-extensions')))
  socket.resume()
  return peer
}

/** What a field of the server's answer says, for a side. */
export function agreedOf(role: Role, field: string | undefined): Agreed | null {
  if (field === undefined) return null
  const [name, ...parameters] = field.split(';').map((part) => part.trim())
  if (name !== 'permessage-deflate') throw new Error(`an extension that was not asked for: ${field}`)
  const read = new Map(parameters.map((one) => one.split('=') as [string, string | undefined]))
  const side = (who: string) =>
    new Deflation(!read.has(`${who}_no_context_takeover`), Number(read.get(`${who}_max_window_bits`) ?? 15))
  const server = side('server')
  const client = side('client')
  return role === 'client' ? { own: client, other: server } : { own: server, other: client }
}

/** The answer to a client's offer for a case: null where the client does not offer what the case needs. */
export function answerTo(offer: string | undefined, extensions: string): string | null {
  if (offer === undefined || !/permessage-deflate/.test(offer)) return null
  if (/client_max_window_bits/.test(extensions) && !/client_max_window_bits/.test(offer)) return null
  return extensions
}
