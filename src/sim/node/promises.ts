/** `node:timers/promises`, made of timers that call back. */

/** What the promises are made of. */
export interface CallbackTimers {
  setTimeout(run: () => void, millis?: unknown): { close(): unknown; ref(): unknown; unref(): unknown }
  setImmediate(run: () => void): { close(): unknown; ref(): unknown; unref(): unknown }
  setInterval(run: () => void, millis?: unknown): { close(): unknown; ref(): unknown; unref(): unknown }
}

interface Options {
  readonly signal?: AbortSignal | undefined
  readonly ref?: boolean | undefined
}

/** As Node's own, which is an internal class. */
class AbortError extends Error {
  override readonly name = 'AbortError'
  readonly code = 'ABORT_ERR'
}

function aborted(signal: AbortSignal): AbortError {
  return new AbortError('The operation was aborted', { cause: signal.reason })
}

type Begin = (run: () => void) => { close(): unknown; unref(): unknown }

function wait<T>(begin: Begin, value: T, { signal, ref = true }: Options = {}): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(aborted(signal))
      return
    }
    const timer = begin(() => {
      signal?.removeEventListener('abort', stop)
      resolve(value)
    })
    const stop = (): void => {
      timer.close()
      reject(aborted(signal!))
    }
    if (!ref) timer.unref()
    signal?.addEventListener('abort', stop, { once: true })
  })
}

/** The functions of `node:timers/promises` over these timers. */
export function promisesOver(timers: CallbackTimers) {
  const sleep = <T = void>(millis?: number, value?: T, options?: Options) =>
    wait((run) => timers.setTimeout(run, millis), value as T, options)
  const soon = <T = void>(value?: T, options?: Options) => wait((run) => timers.setImmediate(run), value as T, options)
  return {
    setTimeout: sleep,
    setImmediate: soon,
    async *setInterval<T = void>(millis?: number, value?: T, { signal, ref = true }: Options = {}) {
      if (signal?.aborted) throw aborted(signal)
      let due = 0
      let wake: (() => void) | null = null
      const rung = (): void => {
        due++
        wake?.()
      }
      const stop = (): void => wake?.()
      const timer = timers.setInterval(rung, millis)
      if (!ref) timer.unref()
      signal?.addEventListener('abort', stop, { once: true })
      try {
        for (;;) {
          if (due === 0 && !signal?.aborted)
            await new Promise<void>((resolve) => {
              wake = resolve
            })
          wake = null
          for (; due > 0; due--) yield value as T
          if (signal?.aborted) throw aborted(signal)
        }
      } finally {
        timer.close()
        signal?.removeEventListener('abort', stop)
      }
    },
    scheduler: {
      wait: (millis: number, options?: Options) => sleep(millis, undefined, options),
      yield: () => soon(),
    },
  }
}
