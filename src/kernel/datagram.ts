/** What UDP's sizes are, for every driver. */

/** The largest UDP payload: 65,535 less the UDP header, and less the IP header that IPv4 counts in (RFC 791, RFC 8200). */
export const MAX_DATAGRAM = { 4: 65_507, 6: 65_527 } as const

/** What a waiting datagram costs beside its bytes, as the kernel counts its own packet headers (skb truesize). */
export const DATAGRAM_OVERHEAD = 256
