/** Where the site reports what its operator must know: the event log, and the site's own. */
import type { Exchange } from '../../http/index.ts'
import type { WebErrorEvent } from '../events.ts'

/** Something that the operator should know: the page that the client sees carries the same reference. */
export interface Failure {
  /** '' for what no page refers to. */
  readonly reference: string
  /** What was thrown. */
  readonly error: unknown
  /** The request's method; '' outside one. */
  readonly method: string
  /** The request's path; '' outside one. */
  readonly path: string
  /** The route's name or pattern; '' where none had matched. */
  readonly route: string
}

/** May write elsewhere and take its time; what fails in it is written to the console. */
export type FailureLog = (failure: Failure) => void | Promise<void>

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
  writeTo(log, { reference, error, method, path, route })
}

/** Hands a failure to a log, whatever the log does with it. */
export function writeTo(log: FailureLog, failure: Failure): void {
  const failed = (second: unknown) => consoleLog({ ...failure, error: legible(second) })
  void (async () => log(failure))().catch(failed)
}

/** What was thrown, or an error in place of what fails when it is looked at. */
export function legible(thrown: unknown): unknown {
  if (typeof thrown !== 'object' || thrown === null) return typeof thrown === 'symbol' ? thrown.toString() : thrown
  try {
    if (thrown instanceof Error) void `${thrown.name}: ${thrown.message} ${thrown.stack}`
    else void `${thrown}`
    return thrown
  } catch (cause) {
    return new Error('the thrown value cannot be inspected: one of its getters throws', { cause })
  }
}

/** One line for what is explained by its message, the stack too for everything else. */
export function consoleLog({ reference, error, method, path, route }: Failure): void {
  const head = [reference, method, path, route === '' ? '' : `(${route})`].filter((word) => word !== '').join(' ')
  if (error instanceof Error && 'status' in error && reference === '') console.error(`${head}: ${error.message}`)
  else console.error(head, error)
}
