/** Where Node, Deno and Bun keep what surrounds the running code: it follows every `await`. */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Holder, Surroundings } from '../surroundings.ts'

const storage = new AsyncLocalStorage<Surroundings>()

export const holder: Holder = {
  get: () => storage.getStore(),
  run: (value, work) => storage.run(value, work),
}
