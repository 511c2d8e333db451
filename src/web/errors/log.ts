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

/** An error of a request. Never throws: whoever reports one has trouble enough. */
export function reportError(
  log: FailureLog,
  exchange: Exchange,
  route: string,
  error: unknown,
  reference: string,
): void {
  const { machine, id, method, path } = exchange
  if (machine.events.on) {
    const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    const at = machine.clock.now()
    const event: WebErrorEvent = { type: 'web.error', at, host: machine.name, exchange: id, message, reference }
    machine.events.emit(event)
  }
  try {
    log({ reference, error, method, path, route })
  } catch (second) {
    consoleLog({ reference, error: second, method, path, route })
  }
}

export function consoleLog({ reference, error, method, path, route }: Failure): void {
  console.error(`${reference} ${method} ${path} (${route})`, error)
}
