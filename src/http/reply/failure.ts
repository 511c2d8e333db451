/** What is answered where a handler has thrown, whichever way the exchange came. */
import { BodyError, ClientGone, MessageRefused } from '../errors.ts'
import { reasonPhrase } from '../status.ts'

/** The status and text for an error: of its own, where it says what was wrong with the message, else a bare 500. */
export function failureReply(error: unknown): { readonly status: number; readonly text: string } {
  if (!(error instanceof BodyError || error instanceof MessageRefused))
    return { status: 500, text: `${reasonPhrase(500)}\n` }
  return { status: error.status, text: `${reasonPhrase(error.status)}: ${error.message}\n` }
}

/** How deep a chain of causes is looked into: an error can name itself as its cause. */
const CAUSES = 8

/** Whether an error says nothing but that the client has gone: that is no fault of the handler's. */
export function saysGone(error: unknown): boolean {
  for (let e = error, depth = 0; e instanceof Error && depth < CAUSES; e = e.cause, depth++)
    if (e instanceof ClientGone) return true
  return false
}

export const PLAIN_TEXT: readonly string[] = ['Content-Type', 'text/plain; charset=utf-8']
