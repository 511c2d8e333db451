/**
 * Socket options by their Berkeley names, with Linux's levels and numbers. A host has a named set of them; the
 * rest it refuses with `ENOPROTOOPT`, never ignores.
 */
import { SocketError } from '../base/errors.ts'

/** The level of the options that are not a protocol's. */
export const SOL_SOCKET = 1
/** The level of IPv4's options. */
export const IPPROTO_IP = 0
/** The level of TCP's options, and TCP's protocol number. */
export const IPPROTO_TCP = 6
/** UDP's protocol number. */
export const IPPROTO_UDP = 17
/** The level of IPv6's options. */
export const IPPROTO_IPV6 = 41

/** IP_ADD_MEMBERSHIP's argument (struct ip_mreqn): the group, and the interface by its own address. */
export interface Membership {
  readonly group: string
  /** The address (IPv4) or the name (both) of the interface; absent: the host's choice. */
  readonly interface?: string | undefined
}

/** SO_LINGER's argument (struct linger). With `on` and 0 seconds, `close` resets the connection. */
export interface Linger {
  readonly on: boolean
  readonly seconds: number
}

/** SO_PEERCRED's value (struct ucred): who opened the other end of a Unix socket, as the kernel vouches for it. */
export interface Credentials {
  readonly pid: number
  readonly uid: number
  readonly gid: number
}

/** The fields of Linux's struct tcp_info, without their `tcpi_`. Times are in µs, those called `last_…` in ms. */
export const TCP_INFO_FIELDS = [
  'state',
  'ca_state',
  'retransmits',
  'probes',
  'backoff',
  'options',
  'snd_wscale',
  'rcv_wscale',
  'delivery_rate_app_limited',
  'fastopen_client_fail',
  'rto',
  'ato',
  'snd_mss',
  'rcv_mss',
  'unacked',
  'sacked',
  'lost',
  'retrans',
  'fackets',
  'last_data_sent',
  'last_ack_sent',
  'last_data_recv',
  'last_ack_recv',
  'pmtu',
  'rcv_ssthresh',
  'rtt',
  'rttvar',
  'snd_ssthresh',
  'snd_cwnd',
  'advmss',
  'reordering',
  'rcv_rtt',
  'rcv_space',
  'total_retrans',
  'pacing_rate',
  'max_pacing_rate',
  'bytes_acked',
  'bytes_received',
  'segs_out',
  'segs_in',
  'notsent_bytes',
  'min_rtt',
  'data_segs_in',
  'data_segs_out',
  'delivery_rate',
  'busy_time',
  'rwnd_limited',
  'sndbuf_limited',
  'delivered',
  'delivered_ce',
  'bytes_sent',
  'bytes_retrans',
  'dsack_dups',
  'reord_seen',
  'rcv_ooopack',
  'snd_wnd',
  'rcv_wnd',
  'rehash',
  'total_rto',
  'total_rto_recoveries',
  'total_rto_time',
] as const

/** TCP_INFO: what the host's TCP tells of a connection; a host has those of the fields that it knows. */
export type TcpInfoValue = { readonly [field in (typeof TCP_INFO_FIELDS)[number]]?: number }

/** What the value of an option may be; which one an option takes, its row in `OPTIONS` says. */
export type OptionValue = number | string | Linger | Membership | TcpInfoValue | Credentials

/**
 * What an option's value is: a flag (0 or 1), a number, a text, the name or IPv4 address of an interface, or one of the
 * structures above. SO_ERROR, SO_PEERCRED and TCP_INFO can only be read, memberships only be set.
 */
export type OptionKind = 'flag' | 'number' | 'text' | 'interface' | 'linger' | 'membership' | 'info' | 'credentials'

/** Level, number and kind of value. What has a name of its own in IPv6 means the same for an IPv6 socket under either. */
export const OPTIONS = {
  SO_REUSEADDR: [SOL_SOCKET, 2, 'flag'],
  SO_ERROR: [SOL_SOCKET, 4, 'number'],
  SO_BROADCAST: [SOL_SOCKET, 6, 'flag'],
  SO_SNDBUF: [SOL_SOCKET, 7, 'number'],
  SO_RCVBUF: [SOL_SOCKET, 8, 'number'],
  SO_KEEPALIVE: [SOL_SOCKET, 9, 'flag'],
  /** Of what the socket sends, for the queues of the interface: 0 to 6 without privileges. */
  SO_PRIORITY: [SOL_SOCKET, 12, 'number'],
  SO_LINGER: [SOL_SOCKET, 13, 'linger'],
  SO_REUSEPORT: [SOL_SOCKET, 15, 'flag'],
  /** Of a connected Unix stream: who the other side is. */
  SO_PEERCRED: [SOL_SOCKET, 17, 'credentials'],
  /** The name of the interface that the socket is held to; '' for any. */
  SO_BINDTODEVICE: [SOL_SOCKET, 25, 'text'],
  /** The mark of the socket's packets, for firewalls and routes; privileged. */
  SO_MARK: [SOL_SOCKET, 36, 'number'],
  TCP_NODELAY: [IPPROTO_TCP, 1, 'flag'],
  /** Octets of the largest segment that is sent. */
  TCP_MAXSEG: [IPPROTO_TCP, 2, 'number'],
  TCP_CORK: [IPPROTO_TCP, 3, 'flag'],
  /** Seconds of silence before SO_KEEPALIVE's first probe. */
  TCP_KEEPIDLE: [IPPROTO_TCP, 4, 'number'],
  /** Seconds between its probes. */
  TCP_KEEPINTVL: [IPPROTO_TCP, 5, 'number'],
  /** Probes without an answer after which the connection is dead. */
  TCP_KEEPCNT: [IPPROTO_TCP, 6, 'number'],
  /** Of a listener: seconds that a connection without a byte is not accepted yet. */
  TCP_DEFER_ACCEPT: [IPPROTO_TCP, 9, 'number'],
  TCP_INFO: [IPPROTO_TCP, 11, 'info'],
  TCP_QUICKACK: [IPPROTO_TCP, 12, 'flag'],
  /** The name of the congestion control: `cubic`. */
  TCP_CONGESTION: [IPPROTO_TCP, 13, 'text'],
  /** Milliseconds that sent data may stay without acknowledgement (RFC 5482); 0 for the host's own idea. */
  TCP_USER_TIMEOUT: [IPPROTO_TCP, 18, 'number'],
  /** Of a listener: how many connections whose SYN brings data may wait (RFC 7413). */
  TCP_FASTOPEN: [IPPROTO_TCP, 23, 'number'],
  /** Octets not sent yet below which the socket counts as writable. */
  TCP_NOTSENT_LOWAT: [IPPROTO_TCP, 25, 'number'],
  /** The type of service: DSCP and the bits of ECN (RFC 2474, RFC 3168). */
  IP_TOS: [IPPROTO_IP, 1, 'number'],
  IP_TTL: [IPPROTO_IP, 2, 'number'],
  /** 0 never sets the DF bit, 2 always does, 1 as the path's MTU asks for it, 5 never, whatever ICMP says of the path. */
  IP_MTU_DISCOVER: [IPPROTO_IP, 10, 'number'],
  /** Where groups' datagrams go out: an interface by its IPv4 address or its name. */
  IP_MULTICAST_IF: [IPPROTO_IP, 32, 'interface'],
  IP_MULTICAST_TTL: [IPPROTO_IP, 33, 'number'],
  IP_MULTICAST_LOOP: [IPPROTO_IP, 34, 'flag'],
  IP_ADD_MEMBERSHIP: [IPPROTO_IP, 35, 'membership'],
  IP_DROP_MEMBERSHIP: [IPPROTO_IP, 36, 'membership'],
  IPV6_UNICAST_HOPS: [IPPROTO_IPV6, 16, 'number'],
  IPV6_MULTICAST_IF: [IPPROTO_IPV6, 17, 'interface'],
  IPV6_MULTICAST_HOPS: [IPPROTO_IPV6, 18, 'number'],
  IPV6_MULTICAST_LOOP: [IPPROTO_IPV6, 19, 'flag'],
  IPV6_JOIN_GROUP: [IPPROTO_IPV6, 20, 'membership'],
  IPV6_LEAVE_GROUP: [IPPROTO_IPV6, 21, 'membership'],
  /** No IPv4 through this socket: 0.0.0.0 and :: can have the same port. Set before the socket is bound. */
  IPV6_V6ONLY: [IPPROTO_IPV6, 26, 'flag'],
  IPV6_TCLASS: [IPPROTO_IPV6, 67, 'number'],
} as const satisfies Record<string, readonly [number, number, OptionKind]>

/** The Berkeley name of an option: `TCP_NODELAY`. */
export type OptionName = keyof typeof OPTIONS

/** Those that mean something only before the socket is bound or connected. */
export const BEFORE_BIND: ReadonlySet<OptionName> = new Set<OptionName>([
  'SO_REUSEADDR',
  'SO_REUSEPORT',
  'SO_BINDTODEVICE',
  'IPV6_V6ONLY',
])

/** The option with that level and number, as setsockopt(2) is given them. */
export function optionName(level: number, number: number): OptionName | undefined {
  for (const [name, [itsLevel, itsNumber]] of Object.entries(OPTIONS))
    if (itsLevel === level && itsNumber === number) return name as OptionName
  return undefined
}

/** What a host answers for an option that it does not have. */
export function noSuchOption(syscall: 'setsockopt' | 'getsockopt', name: string): SocketError {
  return new SocketError('ENOPROTOOPT', syscall, { hint: `${name} is not available on this host or socket` })
}
