/** What a stack has seen, in the manner of `netstat -s`: one number per thing that can happen to a packet. */

const NAMES = [
  'framesReceived',
  'framesSent',
  'framesNotForUs',
  'framesUnknownType',
  'framesMalformed',
  'arpMalformed',
  'neighbourQueueOverflow',
  'neighbourUnreachable',
  'ipReceived',
  'ipDelivered',
  'ipForwarded',
  'ipSent',
  'ipMalformed',
  'ipNotForUs',
  'ipMartian',
  'ipFragmentsReceived',
  'ipReassembled',
  'ipReassemblyFailed',
  'ipFragmented',
  'ipNoRoute',
  'ipTtlExceeded',
  'ipTooBig',
  'ipBroadcastNotForwarded',
  'ipLoopbackLeaving',
  'ipFragmentsMalformed',
  'ipFragmentsContradict',
  'ipReassemblyOverflow',
  'ipUnknownProtocol',
  'icmpReceived',
  'icmpMalformed',
  'icmpIgnored',
  'icmpErrorsSent',
  'icmpErrorsSuppressed',
  'udpReceived',
  'udpDelivered',
  'udpMalformed',
  'udpNoPort',
  'udpBufferFull',
  'udpSent',
  'tcpReceived',
  'tcpMalformed',
  'tcpNoConnection',
  'tcpListenFull',
  'tcpSent',
  'tcpResetsSent',
  'natTranslated',
  'natRefused',
  'natFull',
] as const

export type CounterName = (typeof NAMES)[number]
export type Counters = { [name in CounterName]: number }

export function counters(): Counters {
  return Object.fromEntries(NAMES.map((name) => [name, 0])) as Counters
}
