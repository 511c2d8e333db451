/** The layer that leaves an origin alone for a while that has failed many times in a row. */
import { formatDuration, MILLISECOND } from '../../../base/clock.ts'
import { type Duration, minutes, requireDuration, seconds } from '../../../base/duration.ts'
import { RequestError } from '../../errors.ts'
import { HTTP_LIMITS } from '../../limits.ts'
import type { Layer } from '../send.ts'
import { Circuit, type CircuitState } from './circuit.ts'
import { outcomeOf } from './failure.ts'

/** When an origin is left alone, and for how long. */
export interface BreakerOptions {
  /** Failures in a row after which no request goes to the origin; default 5. */
  readonly failures?: number
  /** How long none does; default 5 s. Then one request tries; when it fails, the time doubles. */
  readonly rest?: Duration
  /** The time doubles up to this; default 2 min. */
  readonly longest?: Duration
  /** Which replies are failures; default all from 500 but 501 and 505, which say something of the request. */
  readonly isFailure?: (status: number) => boolean
  /** Told when an origin's circuit changes. */
  readonly onChange?: (origin: string, state: CircuitState) => void
  /** Origins that are remembered; default `HTTP_LIMITS.circuits`. Past it the one longest remembered is forgotten. */
  readonly circuits?: number
}

/**
 * Refuses requests at once, by a `RequestError` 'circuit', while their origin is known to be down: whoever waits gets an answer,
 * and the origin gets time. Goes inside `retries`, so that what one request learns the next one knows.
 *
 * @example
 * const client = new Client(kernelHost(), { layers: [retries(), breaker({ failures: 10 })] })
 */
export function breaker(options: BreakerOptions = {}): Layer {
  const { failures = 5, circuits: most = HTTP_LIMITS.circuits, isFailure = isServerFailure, onChange } = options
  if (!Number.isSafeInteger(failures) || failures < 1)
    throw new RangeError(`breaker(): failures must be a whole number from 1, not ${failures}`)
  const rest = requireDuration('breaker(): rest', options.rest ?? seconds(5), MILLISECOND)
  const longest = requireDuration('breaker(): longest', options.longest ?? minutes(2), MILLISECOND)
  return (next, { clock }) => {
    const circuits = new Map<string, Circuit>()
    const circuitOf = (key: string) => {
      const known = circuits.get(key)
      if (known !== undefined) return known
      const circuit = new Circuit({ failures, rest, longest })
      circuits.set(key, circuit)
      if (circuits.size > most) circuits.delete(circuits.keys().next().value!)
      return circuit
    }
    return async (request) => {
      const { key } = request.origin
      const circuit = circuitOf(key)
      const entered = circuit.enter(clock.now())
      if (entered === null) throw refusal(key, circuit.until - clock.now())
      const leave = (end: 'success' | 'failure' | 'given up') => {
        const before = circuit.state
        circuit.leave(entered, end, clock.now())
        if (circuit.fresh && circuits.get(key) === circuit) circuits.delete(key)
        if (circuit.state !== before) onChange?.(key, circuit.state)
      }
      try {
        const reply = await next(request)
        leave(isFailure(reply.status) ? 'failure' : 'success')
        return reply
      } catch (error) {
        leave(outcomeOf(error) === 'final' ? 'given up' : 'failure')
        throw error
      }
    }
  }
}

function isServerFailure(status: number): boolean {
  return status >= 500 && status !== 501 && status !== 505
}

function refusal(origin: string, left: number): RequestError {
  const when = left > 0 ? `the next try is in ${formatDuration(left)}` : 'a try is under way'
  return new RequestError(
    'circuit',
    `${origin} has failed many times in a row and is left alone: ${when}`,
    undefined,
    false,
  )
}
