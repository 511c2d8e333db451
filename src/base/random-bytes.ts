/** Random bytes for tokens, salts and ids: one stream for each machine, forked from its own. */

import { toBase64Url } from './base64.ts'
import type { Machine } from './machine.ts'
import type { Random } from './random.ts'

const streams = new WeakMap<Machine, Random>()

export function webRandom(machine: Machine): Random {
  let random = streams.get(machine)
  if (random === undefined) streams.set(machine, (random = machine.random.fork('web')))
  return random
}

export function randomBytes(machine: Machine, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  webRandom(machine).fill(bytes)
  return bytes
}

/** `length` random bytes as base64url text. */
export function randomText(machine: Machine, length: number): string {
  return toBase64Url(randomBytes(machine, length))
}
