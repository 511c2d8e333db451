/** From the octets of a query to those of its reply, whatever they came over: UDP, TCP, or a request of HTTP. */
import { DNS_LIMITS } from '../limits.ts'
import { type Message, response } from '../message/message.ts'
import { accept, finish, servfail } from './accept.ts'
import type { Client, Reply, Responder } from './responder.ts'

/** Octets of one message, null for silence, or of several messages one after the other. */
export type OctetReply = Uint8Array | null | AsyncIterable<Uint8Array>

/** How queries are answered. */
export interface OctetOptions {
  /** The longest reply over UDP, octets, whatever the client takes; default 1232. */
  readonly udpSize?: number
  /** Told of every message that answers a query; all queries have one question. */
  readonly onAnswer?: (query: Message, reply: Message, client: Client) => void | Promise<void>
  /** Told what the responder or `onAnswer` threw or rejected with; default: written to the console. */
  readonly onError?: (error: unknown, query: Message) => void
}

/**
 * The reply to the octets, at once when the responder answers at once. Never throws, never rejects; the messages of a
 * reply of several may fail, and then there is no whole reply.
 */
export function answerOctets(
  responder: Responder,
  octets: Uint8Array,
  client: Client,
  options: OctetOptions = {},
): OctetReply | Promise<OctetReply> {
  const accepted = accept(octets)
  if (accepted === null) return null
  if ('reply' in accepted) return accepted.reply
  const { query } = accepted
  let reply: Reply | Promise<Reply>
  try {
    reply = responder(query, client)
  } catch (error) {
    report(error, query, options)
    reply = servfail(query)
  }
  if (!(reply instanceof Promise)) return encoded(query, reply, client, options)
  return reply
    .catch((error) => {
      report(error, query, options)
      return servfail(query)
    })
    .then((late) => encoded(query, late, client, options))
}

function encoded(query: Message, reply: Reply, client: Client, options: OctetOptions): OctetReply {
  if (reply === null) return null
  if (!(Symbol.asyncIterator in reply)) return one(query, reply, client, options)
  // RFC 5936 §4.2: what takes several messages takes TCP.
  if (client.transport === 'udp') return one(query, response(query, { tc: true }), client, options)
  return each(query, reply, client, options)
}

async function* each(
  query: Message,
  replies: AsyncIterable<Message>,
  client: Client,
  options: OctetOptions,
): AsyncGenerator<Uint8Array> {
  let first = true
  try {
    for await (const reply of replies) {
      first = false
      yield one(query, reply, client, options)
    }
  } catch (error) {
    report(error, query, options)
    if (!first) throw error
    yield one(query, servfail(query), client, options)
  }
}

function one(query: Message, reply: Message, client: Client, options: OctetOptions): Uint8Array {
  const { udpSize = DNS_LIMITS.front.udpSize } = options
  let octets: Uint8Array
  try {
    octets = finish(query, reply, client.transport, udpSize)
  } catch (error) {
    // A reply whose OPT record alone is longer than the client takes.
    report(error, query, options)
    octets = finish(query, servfail(query), client.transport, udpSize)
  }
  if (options.onAnswer !== undefined) tell(query, reply, client, options)
  return octets
}

function tell(query: Message, reply: Message, client: Client, options: OctetOptions): void {
  try {
    const told = options.onAnswer!(query, reply, client)
    if (told !== undefined) Promise.resolve(told).catch((error) => report(error, query, options))
  } catch (error) {
    report(error, query, options)
  }
}

function report(error: unknown, query: Message, { onError }: OctetOptions): void {
  if (onError !== undefined) onError(error, query)
  else console.error(`answering ${query.question[0]?.name ?? 'a query'} failed:`, error)
}
