/**
 * Where programs are tried: on this machine's kernel by both of its drivers, and in the simulator on virtual time. The
 * same body runs in every place; what it opens is closed.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kernelHost } from '../../src/kernel/index.ts'
import { uringMissing } from '../../src/kernel/uring/driver.ts'
import { internet, ms } from '../../src/sim/index.ts'
import { virtualGlobals } from '../../src/sim/node/index.ts'
import type { Host, Listener } from '../../src/socket/host.ts'
import { ipOf } from '../../src/socket/index.ts'
import { need } from '../need.ts'
import type { ProgramName } from './table.ts'

/** What a body is given. */
export interface Place {
  /** Where the client runs. */
  readonly client: Host
  /** Where the server runs. */
  readonly server: Host
  /** The server's, as the client reaches it. */
  readonly address: string
  /** The port of what listens; it is closed at the end. */
  open(listener: Listener | Promise<Listener>): Promise<number>
  /** Is done at the end, the last one first. */
  finally(closing: () => unknown): void
}

/**
 * The names of the columns of the table in docs/programs.md. The simulator comes first: a module whose own clock runs in
 * real time (undici's does after its first request) does not follow a simulation that begins then.
 */
export const PLACES = ['simulator', 'kernel (node)', 'kernel (io_uring)'] as const

/** One test for each Host. @param lacking why this machine cannot try it at all */
export function everywhere(
  program: ProgramName,
  title: string,
  body: (place: Place) => Promise<void>,
  lacking: string | false = false,
): void {
  const uring = uringMissing()
  for (const place of PLACES) {
    const skip = place === 'kernel (io_uring)' ? lacking || need(uring === null, `io_uring: ${uring}`) : lacking
    test(`${program} · ${place}: ${title}`, { timeout: 60_000, skip }, () =>
      place === 'simulator' ? simulated(program, body) : onKernel(place === 'kernel (node)' ? 'node' : 'uring', body),
    )
  }
}

async function onKernel(driver: 'node' | 'uring', body: (place: Place) => Promise<void>): Promise<void> {
  const host = kernelHost({ driver })
  await closing((ends) => body({ client: host, server: host, address: '127.0.0.1', ...ends }))
}

async function simulated(program: string, body: (place: Place) => Promise<void>): Promise<void> {
  const net = internet({ seed: program })
  using _globals = virtualGlobals(net)
  const [client, server] = [net.host('laptop'), net.host('server')]
  net.link(client, server, { latency: ms(20) })
  await net.run(() => closing((ends) => body({ client, server, address: server.address, ...ends })))
  assert.ok(net.now >= ms(80), 'a connection and a question take two round trips')
}

type Ends = Pick<Place, 'open' | 'finally'>

async function closing(body: (ends: Ends) => Promise<void>): Promise<void> {
  const last: (() => unknown)[] = []
  const ends: Ends = {
    async open(listening) {
      const listener = await listening
      last.push(() => listener.close())
      return ipOf(listener.local, 'listen').port
    },
    finally: (closing) => void last.push(closing),
  }
  try {
    await body(ends)
  } finally {
    for (const close of last.reverse()) await close()
  }
}
