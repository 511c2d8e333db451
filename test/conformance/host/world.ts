/** What the suite needs of whoever runs it: two hosts that reach each other, and a way to let their time pass. */
import { test } from 'node:test'
import type { PathAddress } from '../../../src/socket/address.ts'
import type { Host } from '../../../src/socket/host.ts'
import type { OptionName } from '../../../src/socket/options.ts'
import { need } from '../../need.ts'
import { tracked } from '../tracked.ts'
import { releaseAll } from './recorder.ts'

export interface World {
  readonly server: Host
  /** May be the same host. */
  readonly client: Host
  /** An address of the server's that the client reaches. */
  readonly serverAddress: string
  /** The same for IPv6, where the host has it. */
  readonly serverAddress6?: string | undefined
  /** Streams are opened at a place of their own, a new one at each call: Unix sockets. */
  readonly place?: () => PathAddress
  /** The options that these hosts say they have; each of the others must be refused with ENOPROTOOPT. */
  readonly options: {
    readonly stream: readonly OptionName[]
    readonly datagram: readonly OptionName[]
    /** Of IPv6 sockets, where there are any. */
    readonly stream6?: readonly OptionName[]
    readonly datagram6?: readonly OptionName[]
    /** Of Unix sockets, streams and datagrams, where there are any. */
    readonly unix?: readonly OptionName[]
  }
  /** The name of the interface that has `serverAddress`, where interfaces have names. */
  readonly device?: string
  /** What hosts of this kind have and this machine has not. */
  readonly absent?: readonly Ability[]
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

/** What not every host has. */
export type Ability = 'IPv6' | 'multicast' | 'broadcast' | 'pair' | 'plain' | 'reset' | 'Unix sockets' | OptionName

/** Declares one test of the suite: `body` in a fresh world, for hosts that have what it needs. */
export type Scenario = (title: string, body: (world: World) => Promise<void>, ...needs: readonly Ability[]) => void

/** A hang is a failure; nothing in the suite comes near this. */
const TIMEOUT_MS = 30_000

/**
 * @param lacks what this kind of host does not have and does not claim: tests of it are not declared. What only this
 *   machine lacks, the world names in `absent`: those tests are skipped, which RETICLE_REQUIRE=all forbids.
 */
export function scenarios(name: string, make: MakeWorld, lacks: readonly Ability[] = []): Scenario {
  return (title, body, ...needs) => {
    if (needs.some((ability) => lacks.includes(ability))) return
    test(`${name}: ${title}`, { timeout: TIMEOUT_MS }, async (t) => {
      const made = await make()
      const absent = needs.find((ability) => made.absent?.includes(ability))
      if (absent !== undefined) {
        t.skip(String(need(false, `${absent} on this machine`)))
        return
      }
      await play(made, body)
    })
  }
}

async function play(made: World, body: (world: World) => Promise<void>): Promise<void> {
  const server = tracked(made.server)
  const client = made.client === made.server ? server : tracked(made.client)
  const inside = (): Promise<void> => body({ ...made, server: server.host, client: client.host })
  try {
    await (made.run === undefined ? inside() : made.run(inside))
  } finally {
    releaseAll()
    server.release()
    client.release()
    await made.close()
  }
}
