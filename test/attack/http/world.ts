/** A server in memory, and what it made of some bytes. */
import type { Exchange, Handler } from '../../../src/http/index.ts'
import { type ServeOptions, serve } from '../../../src/http/index.ts'
import { settle } from '../../../src/http/trial/machine.ts'
import { type Manners, TestNetwork } from '../../../src/http/trial/network.ts'
import { RawClient } from '../../../src/http/trial/raw.ts'

export interface Outcome {
  /** Status of each final reply, in order. */
  readonly statuses: number[]
  /** `METHOD target body` of each exchange that reached the handler with a whole body. */
  readonly seen: string[]
  /** Whether the server ended the connection. */
  readonly ended: boolean
  readonly text: string
}

export async function world(handler: Handler, options: ServeOptions = {}, manners: Manners = {}) {
  const network = new TestNetwork()
  const host = network.host('web', '10.0.0.80', manners)
  const laptop = network.host('laptop', '10.0.0.2', manners, undefined, host.clock)
  const server = await serve(host, handler, { port: 80, ...options })
  return { network, host, laptop, server, clock: host.clock, open: () => RawClient.open(laptop, server.local) }
}

/** Sends the bytes, `chunk` at a time, to a server that reads every body and answers 200. */
export async function outcomeOf(bytes: string, chunk = Number.POSITIVE_INFINITY, options: ServeOptions = {}) {
  const seen: string[] = []
  const handler = async (exchange: Exchange) => {
    const body = await exchange.body.text()
    seen.push(`${exchange.method} ${exchange.target} ${body}`.trim())
    exchange.reply(200, [], '')
  }
  const { open } = await world(handler, options, { chunk })
  const raw = await open()
  let text = await raw.send(bytes)
  // One byte a turn takes more turns than one settling has.
  for (let more = 1; more > 0; ) {
    await settle()
    const piece = raw.take()
    more = piece.length
    text += piece
  }
  const statuses = [...text.matchAll(/HTTP\/1\.1 ([2-5]\d\d) /g)].map((match) => Number(match[1]))
  return { statuses, seen, ended: raw.ended, text } satisfies Outcome
}
