/** `node test/conformance/websocket/echo-client.ts [ws://127.0.0.1:9001]`: our client, which echoes messages, for fuzzing servers. */

import { Client, connectWebSocket } from '../../../src/http/index.ts'
import { kernelHost } from '../../../src/kernel/index.ts'
import type { Host } from '../../../src/socket/host.ts'

const LIMITS = { messageBytes: 32 * 1024 * 1024, messageFragments: 100_000 }
const AGENT = 'agent=reticle'

/** Goes through all cases that the server has. @returns how many. */
export async function echoClient(host: Host, base: string): Promise<number> {
  using client = new Client(host)
  const open = (path: string) =>
    connectWebSocket(client, `${base}${path}`, { deflate: { takeover: true, from: 0 }, limits: LIMITS })
  const asked = await open('/getCaseCount')
  let count = 0
  for await (const message of asked) {
    count = Number(message)
    break
  }
  for (let i = 1; i <= count; i++) {
    try {
      const socket = await open(`/runCase?case=${i}&${AGENT}`)
      socket.onMessage = (message) => void socket.send(message)
      await socket.closed
    } catch {
      // A handshake that had to be refused: the server knows whether.
    }
  }
  await (await open(`/updateReports?${AGENT}`)).closed
  return count
}

if (import.meta.main) console.log(`${await echoClient(kernelHost(), process.argv[2] ?? 'ws://127.0.0.1:9001')} cases`)
