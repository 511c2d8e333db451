/** One attempt over UDP: a socket of its own, on a port of its own, for one question. */
import { after, type Nanos, type Timer } from '../../base/clock.ts'
import { SocketError } from '../../base/errors.ts'
import { below } from '../../base/random.ts'
import { type IpAddress as Address, familyOf } from '../../socket/address.ts'
import type { Datagrams, Host } from '../../socket/host.ts'
import type { ExchangeLimits } from '../limits.ts'
import { encode } from '../message/encode.ts'
import type { Message } from '../message/message.ts'
import type { Name } from '../message/name.ts'
import { judge } from './judge.ts'

export type Attempt =
  /** `size`: octets of the message as it came. */
  | { readonly kind: 'reply'; readonly message: Message; readonly rtt: Nanos; readonly size: number }
  /** Someone sends what is not the reply, too often, or the reply with its case changed: ask over TCP. */
  | { readonly kind: 'doubtful'; readonly caseless: boolean }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'error'; readonly why: string }

export async function askOverUdp(
  host: Host,
  server: Address,
  query: Message,
  name: Name,
  timeout: Nanos,
  limits: ExchangeLimits,
): Promise<Attempt> {
  let socket: Datagrams | undefined
  try {
    socket = await boundAtRandom(host, server, limits)
    // Connected, only the server's datagrams come up, and the network's errors do (RFC 5452 §9.1: address and port).
    await socket.connect(server)
    return await exchange(host, socket, query, name, timeout, limits)
  } catch (error) {
    if (error instanceof SocketError) return { kind: 'error', why: error.message }
    throw error
  } finally {
    socket?.close()
  }
}

function exchange(
  host: Host,
  socket: Datagrams,
  query: Message,
  name: Name,
  timeout: Nanos,
  limits: ExchangeLimits,
): Promise<Attempt> {
  return new Promise((resolve, reject) => {
    const sent = host.clock.now()
    let timer: Timer | undefined
    let mismatches = 0
    const done = (attempt: Attempt) => {
      timer?.cancel()
      resolve(attempt)
    }
    socket.attach({
      onDatagram(bytes) {
        const judgement = judge(bytes, query, name)
        if (judgement.kind === 'reply')
          done({ kind: 'reply', message: judgement.message, rtt: host.clock.now() - sent, size: bytes.length })
        else if (judgement.kind === 'caseless') done({ kind: 'doubtful', caseless: true })
        else if (++mismatches >= limits.mismatches) done({ kind: 'doubtful', caseless: false })
      },
      onError: (error) => done({ kind: 'error', why: error.message }),
      onClose() {},
    })
    timer = after(host.clock, timeout, () => done({ kind: 'timeout' }))
    try {
      socket.send(encode(query))
    } catch (error) {
      timer.cancel()
      reject(error)
    }
  })
}

const FIRST_PORT = 1024
const PORTS = 65536 - FIRST_PORT

/** RFC 5452 §9.2: a source port out of the whole range, drawn anew for every question. */
async function boundAtRandom(host: Host, server: Address, limits: ExchangeLimits): Promise<Datagrams> {
  const address = familyOf(server.address) === 4 ? '0.0.0.0' : '::'
  for (let i = 0; i < limits.portTries; i++) {
    try {
      return await host.datagrams({ address, port: FIRST_PORT + below(host.random, PORTS) })
    } catch (error) {
      if (!(error instanceof SocketError) || (error.code !== 'EADDRINUSE' && error.code !== 'EACCES')) throw error
    }
  }
  return host.datagrams({ address, port: 0 })
}
