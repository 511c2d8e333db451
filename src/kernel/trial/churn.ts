/** Connections that are abandoned by either side at every point of their lives, and what is left when all are over. */
import { readdirSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { seconds } from '../../base/duration.ts'
import { below, SeededRandom } from '../../base/random.ts'
import type { Connection, ConnectionOwner, Host, Listener } from '../../socket/host.ts'

/** How many are under way at once. */
const AT_ONCE = 64
/** More than loopback's buffers hold, so that some die with bytes queued. */
const MOST_BYTES = 400_000

export interface Left {
  readonly descriptors: number
  /** Bytes of the heap that are still reachable, and of buffers outside it. */
  readonly heap: number
}

/** What this process holds now. */
export async function left(): Promise<Left> {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  for (let i = 0; i < 3; i++) {
    gc()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return { descriptors: readdirSync('/proc/self/fd').length, heap: heapUsed + arrayBuffers }
}

/**
 * So many connections from a host to itself; done when every one of them is closed on both sides.
 * @returns how many of them came about
 */
export async function churn(host: Host, count: number, seed: string): Promise<number> {
  const random = new SeededRandom(seed)
  const open = new Set<Promise<void>>()
  let made = 0
  const accept = (connection: Connection): void => {
    made++
    const over = live(connection, random, true)
    open.add(over)
    void over.then(() => open.delete(over))
  }
  const listener = await host.listen({ address: '0.0.0.0', port: 0 }, accept, { backlog: 4096 })
  let begun = 0
  const callers = Array.from({ length: AT_ONCE }, async () => {
    while (begun++ < count) await call(host, listener, random)
  })
  await Promise.all(callers)
  await listener.close()
  await Promise.all(open)
  return made
}

/** One client: gives up while it connects, or lives for a while. */
async function call(host: Host, listener: Listener, random: SeededRandom): Promise<void> {
  const controller = new AbortController()
  const hasty = below(random, 8)
  if (hasty === 0) setImmediate(() => controller.abort())
  if (hasty === 1) queueMicrotask(() => controller.abort())
  // Many addresses of one's own: the ports of one would be used up by connections in TIME-WAIT.
  const to = { address: `127.0.0.${1 + below(random, 250)}`, port: listener.local.port! }
  const connection = await host.connect(to, { signal: controller.signal }).catch(() => null)
  if (connection !== null) await live(connection, random, false)
}

/** Until the connection is closed. Whoever is asked first leaves sooner or later, so that every one comes to its end. */
function live(connection: Connection, random: SeededRandom, echoes: boolean): Promise<void> {
  const over = Promise.withResolvers<void>()
  const ways = [
    () => connection.end(),
    () => connection.close(),
    () => connection.close(seconds(1)),
    () => connection.reset(),
    () => {
      connection.write(new Uint8Array(below(random, MOST_BYTES)))
      connection.close(seconds(1))
    },
    () => {
      connection.pause()
      setImmediate(() => connection.reset())
    },
  ]
  const leave = ways[below(random, ways.length)]!
  let pieces = below(random, 4)
  const owner: ConnectionOwner = {
    onData(bytes) {
      if (echoes) connection.write(bytes)
      if (pieces-- === 0) leave()
    },
    onEnd: () => connection.close(seconds(1)),
    onDrain() {},
    onClose: () => over.resolve(),
  }
  connection.attach(owner)
  if (!echoes) {
    connection.write(new Uint8Array(1 + below(random, below(random, 10) === 0 ? MOST_BYTES : 2_000)))
    // A client that nobody answers any more, and one that says nothing else: both leave.
    if (below(random, 2) === 0) setImmediate(leave)
    else setTimeout(() => connection.close(seconds(1)), 20)
  } else if (below(random, 8) === 0) leave()
  return over.promise
}
