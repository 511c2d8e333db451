/** An active open, as a promise. */
import { type ErrorCode, SocketError } from '../../base/errors.ts'
import { IP4_ANY, IP4_LOOPBACK, type Ip4 } from '../../base/ip.ts'
import { type Address, type IpAddress, placeOf } from '../../socket/address.ts'
import type { Connection, ConnectOptions } from '../../socket/host.ts'
import type { Stack } from '../stack.ts'
import { ipv4Of, portOf } from './address.ts'
import { StackConnection } from './connection.ts'
import { tcpTable } from './tcp-options.ts'

/** Connects as `Host.connect` promises. */
export function openConnection(stack: Stack, to: Address, options: ConnectOptions = {}): Promise<Connection> {
  const { signal } = options
  const detail = placeOf(to)
  if (signal?.aborted) throw new SocketError('ECANCELED', 'connect', { ...detail, cause: signal.reason })
  // As on Linux, 0.0.0.0 as a destination is this host.
  const remoteAddress = ipv4Of(to, 'connect') || IP4_LOOPBACK
  const remotePort = portOf(to, 'connect')
  if (remotePort === 0) throw new SocketError('EINVAL', 'connect', { ...detail, hint: 'port 0 is no peer' })
  const [localAddress, localPort] = localEnd(stack, remoteAddress, remotePort, options.from, detail)
  const table = tcpTable(stack.tcp.settings, options.options)
  const ends = { localAddress, localPort, remoteAddress, remotePort }
  return new Promise((resolve, reject) => {
    const abort = () => connection.reset()
    const opening = {
      established(made: StackConnection) {
        signal?.removeEventListener('abort', abort)
        stack.enterApplication()
        resolve(made)
      },
      failed(_made: StackConnection, code: ErrorCode | null) {
        signal?.removeEventListener('abort', abort)
        stack.enterApplication()
        const canceled = { ...detail, cause: signal?.reason }
        reject(
          code === null ? new SocketError('ECANCELED', 'connect', canceled) : new SocketError(code, 'connect', detail),
        )
      },
    }
    const connection = new StackConnection(stack, ends, table, opening, null)
    signal?.addEventListener('abort', abort)
    connection.start()
  })
}

function localEnd(
  stack: Stack,
  remoteAddress: Ip4,
  remotePort: number,
  from: IpAddress | undefined,
  detail: ReturnType<typeof placeOf>,
): readonly [Ip4, number] {
  const bound = from === undefined ? IP4_ANY : ipv4Of(from, 'bind')
  const wanted = from === undefined ? 0 : portOf(from, 'bind')
  if (bound !== IP4_ANY && !stack.isLocal(bound))
    throw new SocketError('EADDRNOTAVAIL', 'bind', { address: from!.address, port: wanted })
  const path = stack.output.path(remoteAddress)
  if (path === null || path.group) throw new SocketError('ENETUNREACH', 'connect', detail)
  const localAddress = bound || path.source
  const port = wanted || stack.tcp.freePort(localAddress, remoteAddress, remotePort)
  if (port === 0)
    throw new SocketError('EADDRNOTAVAIL', 'connect', { ...detail, hint: 'every ephemeral port is taken' })
  if (stack.tcp.find(localAddress, port, remoteAddress, remotePort) !== null)
    throw new SocketError('EADDRINUSE', 'connect', detail)
  return [localAddress, port]
}
