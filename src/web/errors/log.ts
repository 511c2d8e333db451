/** Where errors are reported: the event log, and the site's own. */
import type { Exchange } from '../../http/index.ts'
import type { WebErrorEvent } from '../events.ts'

/** A failure as it is logged: the page that the client sees carries the same reference. */
export interface Failure {
  readonly reference: string
  readonly error: unknown
  readonly method: string
  readonly path: string
  readonly route: string
}

export type FailureLog = (failure: Failure) => void

/** An error of a request. Never throws, now or later: whoever reports one has trouble enough. */
export function reportError(
  log: FailureLog,
  exchange: Exchange,
  route: string,
  thrown: unknown,
  reference: string,
): void {
  const error = legible(thrown)
  const { machine, id, method, path } = exchange
  if (machine.events.on) {
    const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    const at = machine.clock.now()
    const event: WebErrorEvent = { type: 'web.error', at, host: machine.name, exchange: id, message, reference }
    machine.events.emit(event)
  }
  const failed = (second: unknown) => consoleLog({ reference, error: legible(second), method, path, route })
  // As a promise, since a log that writes elsewhere is often an async function, whatever its type says.
  void (async () => log({ reference, error, method, path, route }))().catch(failed)
}

/** What was thrown, or an error in place of what fails when it is looked at. */
export function legible(thrown: unknown): unknown {
  if (typeof thrown !== 'object' || thrown === null) return typeof thrown === 'symbol' ? thrown.toString() : thrown
  try {
    if (thrown instanceof Error) void `${thrown.name}: ${thrown.message} ${thrown.stack}`
    else void `${thrown}`
    return thrown
  } catch (cause) {
    return new Error('what was thrown fails when it is looked at', { cause })
  }
}

export function consoleLog({ reference, error, method, path, route }: Failure): void {
  console.error(`${reference} ${method} ${path} (${route})`, error)
}
