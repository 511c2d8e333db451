/**
 * How much work code does, counted and not timed: V8 counts how often each block of each function runs, so that the figure
 * is the same on a busy machine, and nearly the same each time. A file that imports this runs slowly: nothing is inlined.
 */
import { type Profiler, Session } from 'node:inspector'

/** Begun when this module is loaded: V8 counts the blocks of functions that are compiled later, not of earlier ones. */
const session = new Session()
session.connect()
session.post('Profiler.enable')
session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })

/** Runs `run` and gives how many blocks of the product's code (`src/`) have run meanwhile. */
export function stepsOf(run: () => void): number {
  taken()
  run()
  const steps = taken()
  if (steps === 0) throw new Error('nothing in src/ has run, or it was not counted')
  return steps
}

/** The blocks that have run since the last call. */
function taken(): number {
  let steps = 0
  // In the own process the answer comes before `post` returns.
  session.post(
    'Profiler.takePreciseCoverage',
    (_error: Error | null, coverage?: Profiler.TakePreciseCoverageReturnType) => {
      for (const { url, functions } of coverage?.result ?? [])
        if (/\/src\/.*\.ts$/.test(url))
          for (const { ranges } of functions) for (const { count } of ranges) steps += count
    },
  )
  return steps
}
