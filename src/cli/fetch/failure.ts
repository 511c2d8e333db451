/** Why a fetch has failed, in words that say what to do, and as an exit status (those of curl). */
import { SocketError } from '../../base/errors.ts'
import { BodyTooLarge, MessageRefused, RequestError } from '../../http/index.ts'

export const EXIT = Object.freeze({
  ok: 0,
  failed: 1,
  usage: 2,
  name: 6,
  connect: 7,
  status: 22,
  write: 23,
  timeout: 28,
  tls: 35,
  redirects: 47,
  closed: 52,
  interrupted: 130,
})

export interface Failure {
  readonly status: number
  readonly message: string
}

export function failureOf(error: unknown, url: URL): Failure {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const text = error instanceof Error ? error.message : String(error)
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return { status: EXIT.name, message: `${text}\nIs the name right? 'reticle dig ${url.hostname}' asks for it.` }
  if (code === 'ECONNREFUSED')
    return {
      status: EXIT.connect,
      message: `${text}\nNothing listens there: is the server running, and is the port right?`,
    }
  if (code.startsWith('TLS_'))
    return {
      status: EXIT.tls,
      message:
        code === 'TLS_UNTRUSTED' || code === 'TLS_WRONG_NAME'
          ? `${text}\n--cacert FILE trusts an authority of your own; --insecure asks a server that cannot prove who it is.`
          : text,
    }
  if (error instanceof RequestError) return { status: statusOf(error), message: adviceOf(error, text) }
  if (error instanceof SocketError)
    return { status: error.syscall === 'connect' ? EXIT.connect : EXIT.closed, message: text }
  if (error instanceof MessageRefused)
    return { status: EXIT.failed, message: `the server does not speak HTTP as it should: ${text}` }
  if (error instanceof BodyTooLarge) return { status: EXIT.failed, message: text }
  return { status: EXIT.failed, message: text }
}

function statusOf({ reason }: RequestError): number {
  if (reason === 'timeout') return EXIT.timeout
  if (reason === 'redirects') return EXIT.redirects
  if (reason === 'closed') return EXIT.closed
  return reason === 'aborted' ? EXIT.interrupted : EXIT.failed
}

function adviceOf(error: RequestError, text: string): string {
  const { cause } = error
  const why = cause instanceof Error ? `${text}: ${cause.message}` : text
  return error.reason === 'timeout' ? `${why}\n--timeout SECONDS waits longer.` : why
}
