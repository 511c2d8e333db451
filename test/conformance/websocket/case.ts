import type { Peer } from './peer.ts'

/** One case of the suite. */
export interface Case {
  /** By section and number; 9 and 12 are long. */
  readonly id: string
  readonly title: string
  /** The value of Sec-WebSocket-Extensions that a client under test is answered, or a server is asked. */
  readonly extensions?: string
  /** @throws AssertionError when the side under test, which echoes messages, does otherwise. */
  run(peer: Peer): Promise<void>
}

export const TEXT = 1
export const BINARY = 2
export const CONTINUATION = 0
export const PING = 9
export const PONG = 10

/** Numbers the cases of a section: `1.1.1`, `1.1.2`, … */
export function section(id: string, cases: readonly (Omit<Case, 'id'> | false)[]): Case[] {
  return cases.filter((one) => one !== false).map((one, i) => ({ id: `${id}.${i + 1}`, ...one }))
}
