/** The times to live that packets begin with, unless their sockets say otherwise. */

/** RFC 1700; Linux. */
export const TTL = 64

/** RFC 1112 §6.1: multicasts stay on this network unless the program asks for more. */
export const MULTICAST_TTL = 1
