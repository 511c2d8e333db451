/** Control messages (cmsg(3)): which of our addresses was asked, and what the IP header says of congestion. */
import { controlAt, type MessageVector } from '../messages/vector.ts'

const IPPROTO_IP = 0
const IPPROTO_IPV6 = 41
const IP_TOS = 1
const IP_PKTINFO = 8
const IPV6_PKTINFO = 50
const IPV6_TCLASS = 67
/** struct cmsghdr: length u64, level u32, type u32. */
const HEADER = 16
/** RFC 3168 §5: the low two bits. */
const ECN_BITS = 3

export type Words4 = readonly [number, number, number, number]

/** What the control messages of one datagram say. The object is used again. */
export interface Control {
  ecn: number
  /** IPv4: the header's destination and the address to answer from; 0 when it was not told. */
  asked: number
  from: number
  /** IPv6: the header's destination, null when it was not told. */
  asked6: Words4 | null
  index: number
}

/** Reads the control messages of message `i` into `into`. */
export function readControl(vector: MessageVector, i: number, into: Control): void {
  into.ecn = into.asked = into.from = into.index = 0
  into.asked6 = null
  const { words, bytes } = vector
  const end = controlAt(i) + vector.controlLength(i)
  let at = controlAt(i)
  while (at + HEADER <= end) {
    const word = at / 4
    const length = words[word]!
    if (length < HEADER) return
    const level = words[word + 2]
    const type = words[word + 3]
    const data = at + HEADER
    if (level === IPPROTO_IP && type === IP_PKTINFO) {
      into.from = words[data / 4 + 1]!
      into.asked = words[data / 4 + 2]!
    } else if (level === IPPROTO_IP && type === IP_TOS) into.ecn = bytes[data]! & ECN_BITS
    else if (level === IPPROTO_IPV6 && type === IPV6_TCLASS) into.ecn = bytes[data]! & ECN_BITS
    else if (level === IPPROTO_IPV6 && type === IPV6_PKTINFO) {
      into.asked6 = wordsAt(words, data / 4)
      into.index = words[data / 4 + 4]!
    }
    at += (length + 7) & ~7
  }
}

export function wordsAt(words: Uint32Array, at: number): Words4 {
  return [words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!]
}

/** Has message `i` leave from that IPv4 address: the length of the control message. */
export function writeSource4(vector: MessageVector, i: number, from: number): number {
  const word = controlAt(i) / 4
  head(vector.words, word, HEADER + 12, IPPROTO_IP, IP_PKTINFO)
  vector.words[word + 4] = 0 // no interface: the route decides
  vector.words[word + 5] = from
  vector.words[word + 6] = 0
  return HEADER + 16 // CMSG_SPACE
}

/** The same for IPv6. */
export function writeSource6(vector: MessageVector, i: number, from: Words4, index: number): number {
  const word = controlAt(i) / 4
  head(vector.words, word, HEADER + 20, IPPROTO_IPV6, IPV6_PKTINFO)
  for (let k = 0; k < 4; k++) vector.words[word + 4 + k] = from[k]!
  vector.words[word + 8] = index
  return HEADER + 24
}

function head(words: Uint32Array, word: number, length: number, level: number, type: number): void {
  words[word] = length
  words[word + 1] = 0
  words[word + 2] = level
  words[word + 3] = type
}
