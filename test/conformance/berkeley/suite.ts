/**
 * What a C or Python programmer knows of sockets, asked of the Berkeley `Socket` over a Host. The same tests run on
 * the kernel's drivers and on Reticle's own stack.
 */
import assert from 'node:assert/strict'
import test from 'node:test'
import { AF_INET6, SOCK_STREAM, Socket } from '../../../src/socket/index.ts'
import { tracked } from '../tracked.ts'
import { type Arena, closeAll, type Scenario, type Scenarios, text } from './arena.ts'
import { CALLS } from './calls.ts'
import { DATAGRAMS } from './datagram.ts'
import { READING } from './reading.ts'
import { STREAMS } from './stream.ts'
import { WAITING } from './waiting.ts'

/** A hang is a failure; nothing in the suite comes near this. */
const TIMEOUT_MS = 20_000

const IPV6: Scenario = async (arena) => {
  const server = new Socket(arena.server, AF_INET6, SOCK_STREAM)
  await server.bind(['::1', 0])
  await server.listen()
  const client = new Socket(arena.client, AF_INET6, SOCK_STREAM)
  const accepting = server.accept()
  await client.connect(['::1', server.getsockname()[1]])
  const [accepted, [address]] = await accepting
  assert.equal(address, '::1')
  await client.sendall('six')
  assert.equal(text(await accepted.recv()), 'six')
  await closeAll(client, accepted, server)
}

export function berkeleySuite(name: string, make: () => Promise<Arena>, { ipv6 = false, datagrams = true } = {}): void {
  const scenarios: Scenarios = {
    ...STREAMS,
    ...READING,
    ...WAITING,
    ...CALLS,
    ...(datagrams && DATAGRAMS),
    ...(ipv6 && { 'the same over IPv6': IPV6 }),
  }
  for (const [title, scenario] of Object.entries(scenarios))
    test(`${name}: ${title}`, { timeout: TIMEOUT_MS }, () => play(scenario, make))
}

async function play(scenario: Scenario, make: () => Promise<Arena>): Promise<void> {
  const arena = await make()
  const server = tracked(arena.server)
  const client = arena.client === arena.server ? server : tracked(arena.client)
  try {
    await arena.run(() => scenario({ ...arena, server: server.host, client: client.host }))
  } finally {
    server.release()
    client.release()
    await arena.close()
  }
}
