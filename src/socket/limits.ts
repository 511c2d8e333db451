/** Limits of the socket floor's own queues. The host's buffers are its own (SO_RCVBUF, SO_SNDBUF). */
import { type Duration, seconds } from '../base/duration.ts'

/** Limits of the Berkeley `Socket`, of the stream adapters and of the PROXY protocol. */
export interface SocketLimits {
  /** Bytes that a Berkeley stream socket or a stream adapter keeps unread before it pauses the connection. */
  readonly receiveQueue: number
  /** Datagrams that wait unread in a Berkeley socket; the next one is dropped, as a full SO_RCVBUF would. */
  readonly datagramQueue: number
  /** Bytes that those datagrams may hold together. */
  readonly datagramQueueBytes: number
  /** Bytes that `sendall` gives the connection at once. */
  readonly sendPiece: number
  /** Bytes of one line, its line feed counted in, that `SocketReader.readline` takes. */
  readonly lineLength: number
  /** Addresses of one name that `connectByName` tries. */
  readonly addresses: number
  /** How long `close` of a stream that serves as a connection waits for one that takes nothing of what is queued. */
  readonly closeTime: Duration
  /** Octets of one PROXY header of version 2, before the connection is reset. */
  readonly proxyHeaderBytes: number
  /** How long a proxy may take for its PROXY header. */
  readonly proxyHeaderTime: Duration
}

/** The defaults: `new Socket(host, family, type, { limits })` and the adapters' last argument set others. */
export const SOCKET_LIMITS: SocketLimits = Object.freeze({
  // Two typical receive windows: a reader that comes late does not stall the sender.
  receiveQueue: 256 * 1024,
  // A burst of small ones: a thousand answers to a broadcast.
  datagramQueue: 1024,
  // Linux's default net.core.rmem_default.
  datagramQueueBytes: 212_992,
  // Enough for every send buffer, little beside a large message.
  sendPiece: 256 * 1024,
  // Longer than the lines of any protocol in use; what has no line feed at all must not fill the memory.
  lineLength: 65_536,
  // More than any honest name has; a hostile answer must not have a thousand handshakes begun.
  addresses: 16,
  // As the kernel host's.
  closeTime: seconds(30),
  // HAProxy never writes more than 536; with a client's certificate it may be some more.
  proxyHeaderBytes: 4096,
  // The header is in the first packet; a lost one comes again after a second or three (RFC 6298).
  proxyHeaderTime: seconds(5),
})
