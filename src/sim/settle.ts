/**
 * The one place where the simulator touches the real event loop: a whole turn of it, in which every promise reaction
 * runs. Microtasks are never counted; how many an `await` takes is the program's business.
 */
export function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
