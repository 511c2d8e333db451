/**
 * The classic echo server: bind every interface on port 9999, listen, accept, print who came, send back what they
 * send. `node examples/echo/server.ts` serves on this machine; the same function
 * serves on a simulated host (examples/echo/simulated.ts).
 */
import { kernelHost } from 'reticle/kernel'
import { AF_INET, type Host, SO_REUSEADDR, SOCK_STREAM, SOL_SOCKET, Socket } from 'reticle/socket'

/** Serves until the socket is closed. */
export async function serveEcho(host: Host, print: (line: string) => void, port = 9999): Promise<Socket> {
  const server = new Socket(host, AF_INET, SOCK_STREAM)
  server.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
  await server.bind(['', port])
  await server.listen(10)
  print(`listening on ${server.getsockname().join(':')}`)
  void acceptAll(server, print)
  return server
}

async function acceptAll(server: Socket, print: (line: string) => void): Promise<void> {
  try {
    for (;;) {
      const [client, address] = await server.accept()
      print(`Client connected: ${address[0]} : ${address[1]}`)
      void echo(client).catch((error: Error) => print(`${address.join(':')}: ${error.message}`))
    }
  } catch (error) {
    // Closing the server is how it ends.
    if ((error as { code?: string }).code !== 'EBADF') print(`no longer listening: ${(error as Error).message}`)
  }
}

async function echo(client: Socket): Promise<void> {
  await using connection = client
  for (;;) {
    const bytes = await connection.recv(1024)
    if (bytes.length === 0) return
    await connection.sendall(bytes)
  }
}

if (import.meta.main) {
  const server = await serveEcho(kernelHost(), console.log, Number(process.argv[2] ?? 9999))
  process.once('SIGINT', () => void server.close())
}
