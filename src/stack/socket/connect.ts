/** An active open, as a promise. */
import { type ErrorCode, SocketError } from '../../base/errors.ts'
import { type Ip, isUnspecified } from '../../base/ip6.ts'
import { type Address, type IpAddress, placeOf } from '../../socket/address.ts'
import type { Connection, ConnectOptions } from '../../socket/host.ts'
import { LOOPBACK_STAYS, type Located, locate, locatePeer, peerPortOf, portOf } from './address.ts'
import { StackConnection } from './connection.ts'
import type { SocketPort } from './port.ts'
import { tcpTable } from './tcp-options.ts'

/** Connects as `Host.connect` promises. */
export function openConnection(stack: SocketPort, to: Address, options: ConnectOptions = {}): Promise<Connection> {
  const { signal } = options
  const detail = placeOf(to)
  if (signal?.aborted) throw new SocketError('ECANCELED', 'connect', { ...detail, cause: signal.reason })
  const peer = locatePeer(stack.layers, to, 'connect')
  const remoteAddress = peer.ip
  const remotePort = peerPortOf(to, 'connect')
  const [localAddress, localPort] = localEnd(stack, peer, remotePort, options.from, detail)
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
  stack: SocketPort,
  { ip: remoteAddress, layer }: Located,
  remotePort: number,
  from: IpAddress | undefined,
  detail: ReturnType<typeof placeOf>,
): readonly [Ip, number] {
  const bound = from === undefined ? layer.any : locate(stack.layers, from, 'bind').ip
  const wanted = from === undefined ? 0 : portOf(from, 'bind')
  if (!isUnspecified(bound) && !layer.isLocal(bound))
    throw new SocketError('EADDRNOTAVAIL', 'bind', { address: from!.address, port: wanted })
  const path = layer.path(remoteAddress, layer.any)
  if (path === null || path.group) throw new SocketError('ENETUNREACH', 'connect', detail)
  const localAddress = isUnspecified(bound) ? path.source : bound
  if (!layer.mayLeave(localAddress, path))
    throw new SocketError('EINVAL', 'connect', { ...detail, hint: LOOPBACK_STAYS })
  const port = wanted || stack.tcp.freePort(localAddress, remoteAddress, remotePort)
  if (port === 0)
    throw new SocketError('EADDRNOTAVAIL', 'connect', { ...detail, hint: 'every ephemeral port is taken' })
  if (stack.tcp.find(localAddress, port, remoteAddress, remotePort) !== null)
    throw new SocketError('EADDRINUSE', 'connect', detail)
  return [localAddress, port]
}
