/** The constants of <sys/socket.h>, with Linux's numbers. Levels and options are in `../options.ts`. */

/** Either family: for `getaddrinfo`. */
export const AF_UNSPEC = 0
/** Sockets of this machine: names are paths (unix(7)). */
export const AF_UNIX = 1
/** IPv4. */
export const AF_INET = 2
/** IPv6. */
export const AF_INET6 = 10
/** A stream of bytes: TCP. */
export const SOCK_STREAM = 1
/** Datagrams: UDP. */
export const SOCK_DGRAM = 2
/** shutdown(2): nothing more is received. What has arrived can still be read. */
export const SHUT_RD = 0
/** shutdown(2): nothing more is sent; the peer sees the end of the stream. */
export const SHUT_WR = 1
/** shutdown(2): both. */
export const SHUT_RDWR = 2

/** A flag of `recv`: look at the bytes and leave them there. */
export const MSG_PEEK = 0x2
/** Among the flags that `recvmsg` gives back: the datagram was longer than the buffer, and the rest is lost. */
export const MSG_TRUNC = 0x20
/** A flag of `recv`: this call does not wait, EAGAIN comes instead. */
export const MSG_DONTWAIT = 0x40
/** A flag of `recv`: wait for as many bytes as were asked for, fewer come only at the end of the stream. */
export const MSG_WAITALL = 0x100

/** Bind to a port that old connections still hold in TIME-WAIT; for groups, share the port. */
export const SO_REUSEADDR = 2
/** SOCK_STREAM or SOCK_DGRAM. Read only. */
export const SO_TYPE = 3
/** The errno of what has failed meanwhile, 0 for nothing; reading clears it. */
export const SO_ERROR = 4
/** May send to broadcast addresses. */
export const SO_BROADCAST = 6
/** Octets of the host's send buffer. Linux gives back twice what was set (socket(7)). */
export const SO_SNDBUF = 7
/** Octets of the host's receive buffer. Linux gives back twice what was set (socket(7)). */
export const SO_RCVBUF = 8
/** Of a connected AF_UNIX stream: `Credentials`, who the other side is. Read only. */
export const SO_PEERCRED = 17
/** Probe a peer that is silent (RFC 9293 §3.8.4). */
export const SO_KEEPALIVE = 9
/** Of what the socket sends, for the queues of the interface. */
export const SO_PRIORITY = 12
/** What `close` does with what is not sent yet: a `Linger`. */
export const SO_LINGER = 13
/** Several sockets share a port; the host spreads connections and datagrams over them. */
export const SO_REUSEPORT = 15
/** The name of the interface that the socket is held to. */
export const SO_BINDTODEVICE = 25
/** The mark of the socket's packets, for firewalls and routes; privileged. */
export const SO_MARK = 36
/** 1 for a socket that listens. Read only. */
export const SO_ACCEPTCONN = 30
/** IPPROTO_TCP or IPPROTO_UDP, 0 of an AF_UNIX socket. Read only. */
export const SO_PROTOCOL = 38
/** AF_INET, AF_INET6 or AF_UNIX. Read only. */
export const SO_DOMAIN = 39

/** Send small segments at once: no Nagle's algorithm (RFC 9293 §3.7.4). */
export const TCP_NODELAY = 1
/** Octets of the largest segment that is sent. */
export const TCP_MAXSEG = 2
/** Hold partial segments back until it is cleared. */
export const TCP_CORK = 3
/** Seconds of silence before the first probe of SO_KEEPALIVE. */
export const TCP_KEEPIDLE = 4
/** Seconds between probes. */
export const TCP_KEEPINTVL = 5
/** Probes without an answer after which the connection is dead. */
export const TCP_KEEPCNT = 6
/** Of a listener: seconds that a connection without a byte is not accepted yet. */
export const TCP_DEFER_ACCEPT = 9
/** What the host's TCP tells of the connection: a `TcpInfoValue`. Read only. */
export const TCP_INFO = 11
/** Acknowledge at once instead of waiting for data to go along; Linux clears it by itself. */
export const TCP_QUICKACK = 12
/** The name of the congestion control: `cubic`, `reno`. */
export const TCP_CONGESTION = 13
/** Milliseconds that sent data may stay without acknowledgement (RFC 5482); 0 for the host's own idea. */
export const TCP_USER_TIMEOUT = 18
/** Of a listener: how many connections whose SYN brings data may wait (RFC 7413). */
export const TCP_FASTOPEN = 23
/** Octets not sent yet below which the socket counts as writable. */
export const TCP_NOTSENT_LOWAT = 25

/** The type of service: DSCP and the bits of ECN (RFC 2474, RFC 3168). */
export const IP_TOS = 1
/** How many routers a packet may pass. */
export const IP_TTL = 2
/** Whether packets may be cut on the way: 0 they may, 2 they may not, 1 as the path's MTU asks for it. */
export const IP_MTU_DISCOVER = 10
/** Where groups' datagrams go out: an interface by its address or its name. */
export const IP_MULTICAST_IF = 32
/** How many routers a datagram to a group may pass; 1 unless it is set. */
export const IP_MULTICAST_TTL = 33
/** Whether this host hears its own datagrams to groups it is in. */
export const IP_MULTICAST_LOOP = 34
/** Join a group: a `Membership`. */
export const IP_ADD_MEMBERSHIP = 35
/** Leave a group: a `Membership`. */
export const IP_DROP_MEMBERSHIP = 36

/** How many routers a packet may pass. */
export const IPV6_UNICAST_HOPS = 16
/** Where groups' datagrams go out: an interface by its name. */
export const IPV6_MULTICAST_IF = 17
/** How many routers a datagram to a group may pass; 1 unless it is set. */
export const IPV6_MULTICAST_HOPS = 18
/** Whether this host hears its own datagrams to groups it is in. */
export const IPV6_MULTICAST_LOOP = 19
/** Join a group: a `Membership`. */
export const IPV6_JOIN_GROUP = 20
/** Leave a group: a `Membership`. */
export const IPV6_LEAVE_GROUP = 21
/** No IPv4 through this socket: 0.0.0.0 and :: can have the same port. Set before `bind`. */
export const IPV6_V6ONLY = 26
/** The traffic class: IP_TOS of IPv6. */
export const IPV6_TCLASS = 67

/** Every interface (IPv4). */
export const INADDR_ANY = '0.0.0.0'
/** Everybody on the link (IPv4): needs SO_BROADCAST. */
export const INADDR_BROADCAST = '255.255.255.255'
