/**
 * Long work in steps. A zone of a million records takes seconds to read: whoever serves meanwhile runs it step by
 * step, with a pause between, and everybody else runs it to its end.
 */

/** Work that stops now and then, a few milliseconds apart, and answers at the end. */
export type Work<Result> = Generator<void, Result>

/** Runs the work to its end. */
export function runThrough<Result>(work: Work<Result>): Result {
  for (;;) {
    const step = work.next()
    if (step.done === true) return step.value
  }
}

/** Runs the work step by step. @param pause resolves when what else there is to do has had its turn. */
export async function runGently<Result>(work: Work<Result>, pause: () => Promise<void>): Promise<Result> {
  for (;;) {
    const step = work.next()
    if (step.done === true) return step.value
    await pause()
  }
}

/** Records after which work stops: about two milliseconds of it. */
export const RECORDS_PER_STEP = 200
