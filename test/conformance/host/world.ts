/** What the suite needs of whoever runs it: two hosts that reach each other, and a way to let their time pass. */
import { test } from 'node:test'
import type { Host } from '../../../src/socket/host.ts'
import type { OptionName } from '../../../src/socket/options.ts'
import { releaseAll } from './recorder.ts'

export interface World {
  readonly server: Host
  /** May be the same host. */
  readonly client: Host
  /** An address of the server's that the client reaches. */
  readonly serverAddress: string
  /** The same for IPv6, where the host has it. */
  readonly serverAddress6?: string | undefined
  /** The options that these hosts say they have; each of the others must be refused with ENOPROTOOPT. */
  readonly options: { readonly stream: readonly OptionName[]; readonly datagram: readonly OptionName[] }
  /** Whether a datagram to a group reaches the members on the sending host itself. */
  readonly multicast?: boolean
  /** A broadcast address through which the client reaches the server. */
  readonly broadcast?: string | undefined
  /** Another address of the server's that the client reaches, from which an answer would not come by itself. */
  readonly secondAddress?: string | undefined
  /** The host cannot tell which of its addresses a datagram was sent to. */
  readonly blindToAsked?: boolean
  /** A connected datagram socket refuses to send elsewhere. */
  readonly faithful?: boolean
  /** A reset while a close is under way looks like an end to the peer. */
  readonly softReset?: boolean
  /** Bytes each way in the bulk test; default 10 MB. */
  readonly bulk?: number
  /** Runs the body to its end; a simulator drives its virtual time meanwhile. */
  run?(body: () => Promise<void>): Promise<void>
  close(): Promise<void>
}

export type MakeWorld = () => Promise<World>

/** Declares one test of the suite: `body` in a fresh world. */
export type Scenario = (title: string, body: (world: World) => Promise<void>) => void

/** A hang is a failure; nothing in the suite comes near this. */
const TIMEOUT_MS = 30_000

export function scenarios(name: string, make: MakeWorld): Scenario {
  return (title, body) => {
    test(`${name}: ${title}`, { timeout: TIMEOUT_MS }, async (t) => {
      const world = await make()
      try {
        const inside = async (): Promise<void> => {
          try {
            await body(world)
          } catch (error) {
            if (!(error instanceof Missing)) throw error
            t.diagnostic(`does not apply: ${error.message}`)
          }
        }
        await (world.run === undefined ? inside() : world.run(inside))
      } finally {
        releaseAll()
        await world.close()
      }
    })
  }
}

/** Thrown by a scenario whose hosts do not claim what it is about: there is nothing to conform to. */
export class Missing extends Error {}
