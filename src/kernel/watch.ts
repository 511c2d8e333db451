/** A driver that reports to an event log what it opens. */
import { SocketError } from '../base/errors.ts'
import type { Machine } from '../base/machine.ts'
import type { Address } from '../socket/address.ts'
import type { Driver } from './driver.ts'
import type { KernelEvent } from './events.ts'

/** What an event holds beside its time and host. */
type Detail<E> = E extends KernelEvent ? Omit<E, 'at' | 'host'> : never

/** `driver` itself when nobody listens: being watched is all that costs. */
export function watched(driver: Driver, machine: Machine): Driver {
  if (!machine.events.on) return driver
  const { clock, events, name } = machine
  const emit = (detail: Detail<KernelEvent>): void => events.emit({ ...detail, at: clock.now(), host: name })
  const opening = async <T>(address: Address, work: Promise<T>): Promise<T> => {
    try {
      return await work
    } catch (error) {
      if (error instanceof SocketError)
        emit({ type: 'kernel.failed', syscall: error.syscall, address, code: error.code })
      throw error
    }
  }
  const { unixDatagrams } = driver
  return {
    name: driver.name,
    async listen(at, accept, options) {
      const taken: typeof accept = (connection) => {
        emit({ type: 'kernel.accepted', local: connection.local, remote: connection.remote })
        accept(connection)
      }
      const listener = await opening(at, driver.listen(at, taken, options))
      emit({ type: 'kernel.bound', transport: at.path === undefined ? 'tcp' : 'unix', local: listener.local })
      return listener
    },
    async connect(to, options) {
      const started = clock.now()
      const connection = await opening(to, driver.connect(to, options))
      const { local, remote } = connection
      emit({ type: 'kernel.connected', local, remote, took: clock.now() - started })
      return connection
    },
    unixDatagrams:
      unixDatagrams === undefined
        ? undefined
        : (at, options) => {
            const socket = unixDatagrams(at, options)
            emit({ type: 'kernel.bound', transport: 'unix', local: socket.local })
            return socket
          },
    pair: driver.pair,
    datagramPair: driver.datagramPair,
    async datagrams(at, options) {
      const socket = await opening(at, driver.datagrams(at, options))
      emit({ type: 'kernel.bound', transport: 'udp', local: socket.local })
      return socket
    },
  }
}
