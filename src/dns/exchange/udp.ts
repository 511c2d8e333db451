/** One attempt over UDP: a socket of its own, on a port of its own, for one question. */
import { after, type Nanos, type Timer } from '../../base/clock.ts'
import { SocketError } from '../../base/errors.ts'
import { below } from '../../base/random.ts'
import { familyOf, type IpAddress } from '../../socket/address.ts'
import type { Datagrams, Host } from '../../socket/host.ts'
import type { ExchangeLimits } from '../limits.ts'
import { encode } from '../message/encode.ts'
import type { Message } from '../message/message.ts'
import type { Name } from '../message/name.ts'
import type { Cause } from '../servers/book.ts'
import { judge } from './judge.ts'

/** What became of one attempt. */
export type Attempt =
  /** `size`: octets of the message as it came. */
  | { readonly kind: 'reply'; readonly message: Message; readonly rtt: Nanos; readonly size: number }
  /** Someone sends what is not the reply, too often, or the reply with its case changed: ask over TCP. */
  | { readonly kind: 'doubtful'; readonly caseless: boolean }
  | { readonly kind: 'failure'; readonly cause: Cause; readonly why: string }

/** Over a connection there are no doubts: nobody else can answer there. */
export type StreamAttempt = Exclude<Attempt, { readonly kind: 'doubtful' }>

/** One question that is to go over UDP. */
export interface UdpQuestion {
  readonly server: IpAddress
  readonly query: Message
  /** The name asked for, in its own case. */
  readonly name: Name
  readonly timeout: Nanos
  readonly limits: ExchangeLimits
  /**
   * Called when the time-out has passed and a late reply is listened for; the function handed over ends the listening.
   * Without it there is none.
   */
  readonly overdue?: (giveUp: () => void) => void
}

/** Asks once. Rejects only with what is no matter of sockets. */
export async function askOverUdp(host: Host, question: UdpQuestion): Promise<Attempt> {
  let socket: Datagrams | undefined
  try {
    socket = await boundAtRandom(host, question)
    // Connected, only the server's datagrams come up, and the network's errors do (RFC 5452 §9.1: address and port).
    await socket.connect(question.server)
    return await exchange(host, socket, question)
  } catch (error) {
    if (error instanceof SocketError) return { kind: 'failure', cause: causeOf(error), why: error.message }
    throw error
  } finally {
    socket?.close()
  }
}

function exchange(host: Host, socket: Datagrams, question: UdpQuestion): Promise<Attempt> {
  const { query, name, timeout, limits, overdue } = question
  return new Promise((resolve, reject) => {
    const sent = host.clock.now()
    let timer: Timer | undefined
    let mismatches = 0
    let malformed = ''
    const done = (attempt: Attempt) => {
      timer?.cancel()
      resolve(attempt)
    }
    const giveUp = () => done({ kind: 'failure', cause: 'timeout', why: 'no reply in time' })
    socket.attach({
      onDatagram(bytes) {
        const judgement = judge(bytes, query, name)
        if (judgement.kind === 'reply')
          done({ kind: 'reply', message: judgement.message, rtt: host.clock.now() - sent, size: bytes.length })
        else if (judgement.kind === 'caseless') done({ kind: 'doubtful', caseless: true })
        else if (judgement.kind === 'malformed') malformed = judgement.why
        else if (++mismatches >= limits.mismatches) done({ kind: 'doubtful', caseless: false })
      },
      onError: (error) => done({ kind: 'failure', cause: causeOf(error), why: error.message }),
      onClose() {},
    })
    timer = after(host.clock, timeout, () => {
      if (malformed !== '') done({ kind: 'failure', cause: 'malformed', why: malformed })
      else if (overdue === undefined) giveUp()
      else {
        timer = after(host.clock, limits.lateReply, giveUp)
        overdue(giveUp)
      }
    })
    try {
      socket.send(encode(query))
    } catch (error) {
      timer.cancel()
      reject(error)
    }
  })
}

/** What the errors of a socket say of the server. */
export function causeOf({ code }: SocketError): Cause {
  switch (code) {
    case 'ECONNREFUSED':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'EHOSTDOWN':
    case 'ENETDOWN':
    case 'ECONNRESET':
    case 'EACCES':
    case 'EPERM':
    case 'EADDRNOTAVAIL':
    case 'EAFNOSUPPORT':
      return 'unreachable'
    case 'ETIMEDOUT':
      return 'timeout'
    default:
      return 'local'
  }
}

const FIRST_PORT = 1024
const PORTS = 65536 - FIRST_PORT

/** RFC 5452 §9.2: a source port out of the whole range, drawn anew for every question. */
async function boundAtRandom(host: Host, { server, limits }: UdpQuestion): Promise<Datagrams> {
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
