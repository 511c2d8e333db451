import { after, type Clock, type Nanos } from '../../base/clock.ts'

/** Resolves after a while; rejects with the signal's reason when that is aborted first. */
export function waited(clock: Clock, delay: Nanos, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason as Error)
      return
    }
    const abort = () => {
      timer.cancel()
      reject(signal.reason as Error)
    }
    const timer = after(clock, delay, () => {
      signal.removeEventListener('abort', abort)
      resolve()
    })
    signal.addEventListener('abort', abort, { once: true })
  })
}
