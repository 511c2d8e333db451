/** The same canned reply as `epoll.c`, over a kernel driver: what the driver alone costs. `canned.ts DRIVER [PORT]` */
import { type DriverName, kernelHost } from '../../src/kernel/index.ts'
import type { Connection } from '../../src/socket/host.ts'

const REPLY = new TextEncoder().encode(
  'HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 13\r\n' +
    'date: Sun, 22 Nov 2026 00:00:00 GMT\r\n\r\nHello, World!',
)
const LF = 10

const host = kernelHost({ driver: process.argv[2] as DriverName })
const at = { address: '127.0.0.1', port: Number(process.argv[3] ?? 0) }
const listener = await host.listen(at, answer, { options: { TCP_NODELAY: 1 } })
console.log(`listening ${listener.local.port}`)

function answer(connection: Connection): void {
  connection.attach({
    onData(bytes) {
      const last = bytes.length - 1
      if (bytes[last] === LF && bytes[last - 2] === LF) connection.write(REPLY)
    },
    onEnd: () => connection.end(),
    onDrain() {},
    onClose() {},
  })
}
