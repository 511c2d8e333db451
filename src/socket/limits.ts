/** Limits of the socket floor's own queues. The host's buffers are its own (SO_RCVBUF, SO_SNDBUF). */

/** Bytes that a Berkeley stream socket or a stream adapter keeps unread before it pauses the connection: two
 * typical receive windows, so that a reader that comes late does not stall the sender. */
export const RECEIVE_QUEUE = 256 * 1024

/** Datagrams that wait unread in a Berkeley socket; the next one is dropped, as a full SO_RCVBUF would. */
export const DATAGRAM_QUEUE = 1024

/** Bytes that those datagrams may hold together: Linux's default net.core.rmem_default. */
export const DATAGRAM_QUEUE_BYTES = 212_992

/** Bytes that `sendall` gives the connection at once: enough for every send buffer, little beside a large message. */
export const SEND_PIECE = 256 * 1024
