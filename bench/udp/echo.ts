/** Every datagram goes back to where it came from. Prints `listening PORT`. */
import { type DriverName, kernelHost } from '../../src/kernel/index.ts'

const host = kernelHost({ driver: process.argv[2] as DriverName })
const socket = await host.datagrams({ address: '127.0.0.1', port: 0 })
socket.attach({
  onDatagram: (bytes, from) => void socket.send(bytes, from),
  onError() {},
  onClose() {},
})
console.log(`listening ${socket.local.port}`)
