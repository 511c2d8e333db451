/** The body of a request on its way out. */
import { RequestError } from '../errors.ts'
import { mayBeTrailer } from '../machine/chunks.ts'
import { chunkSize, formatFields } from '../machine/writer.ts'
import type { ClientConnection } from './connection.ts'
import type { ClientExchange } from './exchange.ts'

/** Writes the body: at once where it is at hand, else as it comes and as the connection takes it. */
export function sendContent(connection: ClientConnection, exchange: ClientExchange): void {
  const { body, length } = exchange.request
  if (body === null) exchange.sent = true
  else if (typeof body === 'string' || body instanceof Uint8Array) {
    if (typeof body === 'string') connection.output.utf8(connection, body, length)
    else connection.output.bytes(connection, body)
    exchange.sentBytes = length
    exchange.sent = true
  } else
    pump(connection, exchange, body).catch((error) => {
      // Half a request cannot be taken back: the connection goes with it.
      connection.break(error instanceof Error ? error : new Error(String(error)))
    })
}

async function pump(
  connection: ClientConnection,
  exchange: ClientExchange,
  body: AsyncIterable<Uint8Array | string>,
): Promise<void> {
  const { chunked, length, trailers } = exchange.request
  const { output } = connection
  for await (const piece of body) {
    const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece
    // Leaving the loop ends the stream: nobody will take the rest.
    if (exchange.settled || !connection.alive) return
    exchange.sentBytes += bytes.length
    if (!chunked && exchange.sentBytes > length) throw wrongLength(exchange)
    if (bytes.length === 0) continue
    if (chunked) output.latin1(connection, chunkSize(bytes.length))
    output.bytes(connection, bytes)
    if (chunked) output.latin1(connection, '\r\n')
    if (connection.blocked) await connection.drained()
  }
  if (exchange.settled || !connection.alive) return
  if (!chunked && exchange.sentBytes !== length) throw wrongLength(exchange)
  if (chunked) output.latin1(connection, `0\r\n${trailers === undefined ? '' : trailerLines(trailers())}\r\n`)
  exchange.sent = true
}

function trailerLines(fields: readonly string[]): string {
  for (let i = 0; i < fields.length; i += 2)
    if (!mayBeTrailer(fields[i]!)) throw new TypeError(`${fields[i]} may not be a trailer (RFC 9110 §6.5.1)`)
  return formatFields(fields).text
}

function wrongLength(exchange: ClientExchange): RequestError {
  const { length } = exchange.request
  return new RequestError('aborted', `Content-Length said ${length} bytes, the body gave ${exchange.sentBytes}`)
}
