/** Sends a body that comes in pieces, as fast as the client takes them. */
import type { Exchange, FieldLines } from '../../../http/exchange.ts'
import type { Pieces } from './reply.ts'

/**
 * Resolves with the number of bytes handed over when the body is complete or the client is gone. A source that fails
 * on the way breaks the exchange off, so that the client sees that the body is not whole; the error is thrown on.
 */
export async function sendPieces(
  exchange: Exchange,
  status: number,
  lines: FieldLines,
  pieces: Pieces,
): Promise<number> {
  const body = exchange.start(status, lines)
  let sent = 0
  if (exchange.method === 'HEAD') {
    await pieces[Symbol.asyncIterator]().return?.()
    body.end()
    return sent
  }
  const { signal } = exchange
  let wake: (() => void) | null = null
  const go = () => {
    wake?.()
    wake = null
  }
  body.onDrain = go
  signal.addEventListener('abort', go)
  try {
    for await (const piece of pieces) {
      if (signal.aborted) return sent
      if (typeof piece !== 'string' && !(piece instanceof Uint8Array))
        throw new TypeError('a piece of a streamed reply is neither text nor bytes: turn what you have into text')
      if (piece.length === 0) continue
      sent += typeof piece === 'string' ? Buffer.byteLength(piece) : piece.length
      if (!body.write(piece) && !signal.aborted) await new Promise<void>((resolve) => (wake = resolve))
    }
    body.end()
    return sent
  } catch (error) {
    exchange.abort()
    throw error
  } finally {
    signal.removeEventListener('abort', go)
  }
}
