/** EDNS(0), RFC 6891: the OPT pseudo-record as part of a message rather than one of its records. */
import { Fault } from '../../base/fault.ts'
import { u16 } from '../../base/octets.ts'
import { DNS_LIMITS } from '../limits.ts'

/** Option codes (IANA, "DNS EDNS0 Option Codes"). */
export const EDNS_OPTION = {
  NSID: 3,
  CLIENT_SUBNET: 8,
  COOKIE: 10,
  KEEPALIVE: 11,
  PADDING: 12,
  EXTENDED_ERROR: 15,
} as const

/** One option of an OPT record (RFC 6891 §6.1.2), as its octets. */
export interface EdnsOption {
  readonly code: number
  readonly data: Uint8Array
}

/** What an OPT record says. */
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
  return { udpSize: DNS_LIMITS.front.udpSize, version: 0, dnssecOk: false, flags: 0, options: [], ...settings }
}

/** The options in an OPT record's rdata, which starts at `at` in its message. */
export function parseOptions(
  rdata: Uint8Array,
  at: number,
  limit: number = DNS_LIMITS.message.ednsOptions,
): EdnsOption[] | Fault {
  const options: EdnsOption[] = []
  for (let i = 0; i < rdata.length; ) {
    if (i + 4 > rdata.length) return new Fault('an EDNS option has no room for its code and length', at + i)
    const code = u16(rdata, i)
    const length = u16(rdata, i + 2)
    if (i + 4 + length > rdata.length) return new Fault(`EDNS option ${code} runs past its record`, at + i)
    if (options.length === limit) return new Fault(`more than ${limit} EDNS options`, at + i)
    options.push({ code, data: rdata.subarray(i + 4, i + 4 + length) })
    i += 4 + length
  }
  return options
}

/** Octets of the OPT record that says that. */
export function ednsLength(settings: Edns): number {
  return settings.options.reduce((sum, option) => sum + 4 + option.data.length, 11)
}
