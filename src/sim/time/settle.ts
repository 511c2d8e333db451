/**
 * The one place where the simulator touches the real event loop: it yields to it until every promise reaction has run.
 * Microtasks are never counted; how many an `await` takes is the program's business.
 *
 * Node drains ticks and microtasks between two immediates of the same turn, so immediates that are set in batches settle
 * a program as often, with one poll of the machine's own events for all of them (a TCP stream into a program: a fifth
 * less processor time). A program's own immediates run between the batches.
 */
const BATCH = 32

const waiting: (() => void)[] = []
let left = 0

/** Resolves when all promise reactions have run. */
export function settle(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve)
    if (left > 0) return
    left = BATCH
    for (let i = 0; i < BATCH; i++) setImmediate(next)
  })
}

function next(): void {
  left--
  waiting.shift()?.()
}

/** Resolves after a whole turn of the event loop: a program's own immediates have run too. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
