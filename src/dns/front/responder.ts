/** What a DNS server does with a query: the one contract of authoritative server, resolver and forwarder. */

import type { IpAddress as Address } from '../../socket/address.ts'
import type { Message } from '../message/message.ts'

export type Transport = 'udp' | 'tcp'

/** Whom a query came from. */
export interface Client {
  readonly address: Address
  readonly transport: Transport
}

/**
 * Answers a well-formed query; null to stay silent. What it throws or rejects with is answered with SERVFAIL. It
 * need not care for sizes, nor for the presence of the OPT record: the front does.
 */
export type Responder = (query: Message, client: Client) => Message | null | Promise<Message | null>
