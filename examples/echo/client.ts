/** The classic echo client: connect, send, receive, close. `node examples/echo/client.ts [HOST] [PORT] [WORDS…]`. */
import { kernelHost } from 'reticle/kernel'
import { AF_INET, type Host, SHUT_WR, SOCK_STREAM, Socket } from 'reticle/socket'

/** Sends the message, ends its side, and returns what came back. */
export async function askEcho(host: Host, server: readonly [string, number], message: string): Promise<string> {
  await using client = new Socket(host, AF_INET, SOCK_STREAM)
  await client.connect(server)
  await client.sendall(message)
  client.shutdown(SHUT_WR)
  const decoder = new TextDecoder()
  let reply = ''
  for (;;) {
    const bytes = await client.recv(1024)
    if (bytes.length === 0) return reply + decoder.decode()
    reply += decoder.decode(bytes, { stream: true })
  }
}

if (import.meta.main) {
  const [where = 'localhost', port = '9999', ...words] = process.argv.slice(2)
  const message = words.length === 0 ? 'Hello, network!' : words.join(' ')
  console.log('Received:', await askEcho(kernelHost(), [where, Number(port)], message))
}
