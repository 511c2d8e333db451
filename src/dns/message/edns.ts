/** EDNS(0), RFC 6891: the OPT pseudo-record as part of a message rather than one of its records. */
import { EDNS_UDP_SIZE, MAX_EDNS_OPTIONS } from '../limits.ts'
import type { Fault } from './reader.ts'

/** Option codes (IANA, "DNS EDNS0 Option Codes"). */
export const EDNS_OPTION = {
  NSID: 3,
  CLIENT_SUBNET: 8,
  COOKIE: 10,
  KEEPALIVE: 11,
  PADDING: 12,
  EXTENDED_ERROR: 15,
} as const

export interface EdnsOption {
  readonly code: number
  readonly data: Uint8Array
}

export interface Edns {
  /** The largest UDP payload that its sender takes, octets; below 512 it means 512 (RFC 6891 §6.2.3). */
  readonly udpSize: number
  readonly version: number
  /** DNSSEC OK (RFC 3225). */
  readonly dnssecOk: boolean
  /** The other fifteen flag bits, as they came. */
  readonly flags: number
  readonly options: readonly EdnsOption[]
}

/** What we say of ourselves: version 0, 1232 octets. */
export function edns(settings: Partial<Edns> = {}): Edns {
  return { udpSize: EDNS_UDP_SIZE, version: 0, dnssecOk: false, flags: 0, options: [], ...settings }
}

/** The options in an OPT record's rdata, which starts at `at` in its message. */
export function parseOptions(rdata: Uint8Array, at: number, limit = MAX_EDNS_OPTIONS): EdnsOption[] | Fault {
  const options: EdnsOption[] = []
  for (let i = 0; i < rdata.length; ) {
    if (i + 4 > rdata.length) return { at: at + i, why: 'an EDNS option has no room for its code and length' }
    const code = (rdata[i]! << 8) | rdata[i + 1]!
    const length = (rdata[i + 2]! << 8) | rdata[i + 3]!
    if (i + 4 + length > rdata.length) return { at: at + i, why: `EDNS option ${code} runs past its record` }
    if (options.length === limit) return { at: at + i, why: `more than ${limit} EDNS options` }
    options.push({ code, data: rdata.subarray(i + 4, i + 4 + length) })
    i += 4 + length
  }
  return options
}

/** Octets of the OPT record that says that. */
export function ednsLength(settings: Edns): number {
  return settings.options.reduce((sum, option) => sum + 4 + option.data.length, 11)
}
