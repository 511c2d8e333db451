/** Answers every request with thirteen bytes. Prints `listening PORT`. */
import { serve } from '../../src/http/index.ts'
import { kernelHost } from '../../src/kernel/index.ts'

const server = await serve(
  kernelHost(),
  (exchange) => exchange.reply(200, ['Content-Type', 'text/plain'], 'Hello, world!'),
  { address: '127.0.0.1', port: 0 },
)
console.log(`listening ${(server.local as { port: number }).port}`)
