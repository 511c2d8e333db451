/** What a DNS server does with a query: the one contract of authoritative server, resolver and forwarder. */
import type { IpAddress } from '../../socket/address.ts'
import type { Message } from '../message/message.ts'

/** What a query came over. */
export type Transport = 'udp' | 'tcp'

/** Whom a query came from. */
export interface Client {
  readonly address: IpAddress
  readonly transport: Transport
}

/**
 * What a query is answered with: a message, null for silence, or several messages one after the other, as a zone
 * transfer has them (RFC 5936). Several need TCP: over UDP the client is told to come over TCP (TC).
 */
export type Reply = Message | null | AsyncIterable<Message>

/**
 * Answers a well-formed query. What it throws or rejects with is answered with SERVFAIL and reported. It need not care
 * for sizes, nor for the presence of the OPT record: the front does.
 */
export type Responder = (query: Message, client: Client) => Reply | Promise<Reply>
