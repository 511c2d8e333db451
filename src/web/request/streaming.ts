/** Sends a body that comes in pieces, as fast as the client takes them. */

import type { Exchange, FieldLines, ReplyBody } from '../../http/index.ts'
import { SafeHtml } from '../../templates/safe.ts'
import { UsageError } from '../errors.ts'
import { FilePieces } from './file-pieces.ts'
import type { Piece, Pieces } from './reply.ts'

/**
 * Resolves when the body is complete or the client is gone. A source that fails on the way breaks the exchange off,
 * so that the client sees that the body is not whole; the error is thrown on.
 */
export async function sendPieces(exchange: Exchange, status: number, lines: FieldLines, pieces: Pieces): Promise<void> {
  const body = exchange.start(status, lines)
  if (exchange.method === 'HEAD') {
    body.end()
    release(pieces)
    return
  }
  if (pieces instanceof FilePieces) {
    const { file, start, end } = pieces
    const sent = body.sendFile?.(file, start, end - start) ?? null
    if (sent !== null) return await finishFile(exchange, body, pieces, sent)
  }
  const source = pieces[Symbol.asyncIterator]()
  try {
    const whole = await pump(source, body, exchange.signal)
    if (whole) body.end()
    else abandon(source)
  } catch (error) {
    abandon(source)
    exchange.abort()
    throw error
  }
}

/** The network takes the file. */
async function finishFile(exchange: Exchange, body: ReplyBody, pieces: FilePieces, sent: Promise<void>): Promise<void> {
  try {
    await sent
    body.end()
  } catch (error) {
    if (exchange.signal.aborted) return // the client has gone
    exchange.abort()
    throw error
  } finally {
    await pieces.close()
  }
}

/** True when the source is at its end, false when the client has gone before. */
async function pump(source: AsyncIterator<Piece>, body: ReplyBody, signal: AbortSignal): Promise<boolean> {
  // Ends the wait under way. One for each wait: a promise that all of them raced against would keep every one of them.
  let wake: (() => void) | null = null
  const waking = () => wake?.()
  body.onDrain = waking
  signal.addEventListener('abort', waking)
  try {
    while (!signal.aborted) {
      // The source may have nothing to say for a long time (server-sent events); the client need not wait for it.
      const step = await new Promise<IteratorResult<Piece> | null>((resolve, reject) => {
        wake = () => signal.aborted && resolve(null)
        Promise.resolve(source.next()).then(resolve, reject)
      })
      if (step === null) return false
      if (step.done) return true
      const piece = checked(step.value)
      if (piece.length === 0 || body.write(piece) || signal.aborted) continue
      await new Promise<void>((resolve) => (wake = resolve))
    }
    return false
  } finally {
    signal.removeEventListener('abort', waking)
  }
}

function checked(piece: Piece): Uint8Array | string {
  if (typeof piece === 'string' || piece instanceof Uint8Array) return piece
  if (piece instanceof SafeHtml) return piece.html
  throw new UsageError('a piece of a streamed reply must be text or bytes: JSON.stringify() objects')
}

/** Lets a body that is not sent after all go of what it holds: an open file. */
export function release(pieces: Pieces): void {
  try {
    abandon(pieces[Symbol.asyncIterator]())
  } catch {
    // A stream that somebody reads already is theirs to close.
  }
}

/** What the source says to being left, at once or later, is of interest to nobody any more. */
function abandon(source: AsyncIterator<Piece>): void {
  void (async () => source.return?.())().catch(() => {})
}
