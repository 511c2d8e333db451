/** TCP of one stack: which connection a segment is for, and the packet around what a connection sends. */
import type { Ip4 } from '../../base/ip.ts'
import { pseudoSum4 } from '../../wire/checksum.ts'
import * as ipv4 from '../../wire/ipv4.ts'
import * as tcp from '../../wire/tcp.ts'
import type { NetworkError } from '../ip/errors.ts'
import type { Arrived } from '../ip/input.ts'
import { PAYLOAD } from '../ip/output.ts'
import { TTL } from '../limits.ts'
import type { Stack } from '../stack.ts'

export class Tcp {
  readonly #stack: Stack

  constructor(stack: Stack) {
    this.#stack = stack
  }

  /** Whether a listener with that address may have the port. */
  mayBind(_address: Ip4, _port: number, _shares: boolean): boolean {
    return true
  }

  arrived(packet: Arrived): void {
    const { counters } = this.#stack
    const { bytes, payload: at, length, source, destination } = packet
    counters.tcpReceived++
    const segment = tcp.parse(bytes, at, length)
    const pseudo = pseudoSum4(source, destination, ipv4.PROTOCOL_TCP, length)
    // RFC 1122 §4.2.3.10: a segment to a broadcast or multicast address is no segment.
    if (typeof segment === 'string' || packet.group || !tcp.verify(bytes, at, length, pseudo)) {
      counters.tcpMalformed++
      return
    }
    counters.tcpNoConnection++
    this.#refuse(segment, packet)
  }

  complained(
    _error: NetworkError,
    _mtu: number,
    _local: Ip4,
    _localPort: number,
    _remote: Ip4,
    _remotePort: number,
    _seq: number,
  ): void {}

  /** RFC 9293 §3.10.7.1: a segment for no connection is answered by a reset, unless it is one. */
  #refuse(segment: tcp.TcpSegment, { source, destination }: Arrived): void {
    if (segment.flags & tcp.RST) return
    const withAck = (segment.flags & tcp.ACK) !== 0
    const span = segment.payload.length + (segment.flags & tcp.SYN ? 1 : 0) + (segment.flags & tcp.FIN ? 1 : 0)
    this.#stack.counters.tcpResetsSent++
    this.emit(destination, source, {
      sourcePort: segment.destinationPort,
      destinationPort: segment.sourcePort,
      seq: withAck ? segment.ack : 0,
      ack: withAck ? 0 : (segment.seq + span) >>> 0,
      flags: withAck ? tcp.RST : tcp.RST | tcp.ACK,
      window: 0,
      urgent: 0,
      options: tcp.NO_OPTIONS,
      payload: new Uint8Array(0),
    })
  }

  /** Sends a segment. False when there is no way to the destination, or it does not fit. */
  emit(source: Ip4, destination: Ip4, segment: tcp.TcpSegment, ttl = TTL): boolean {
    const { output, counters } = this.#stack
    const path = output.path(destination, source)
    const length = tcp.length(segment)
    if (path === null || path.group || ipv4.HEADER_LENGTH + length > path.mtu) return false
    const frame = output.frame(length)
    tcp.emit(segment, frame, PAYLOAD, pseudoSum4(source, destination, ipv4.PROTOCOL_TCP, length))
    counters.tcpSent++
    output.send(frame, path, { source, destination, protocol: ipv4.PROTOCOL_TCP, ttl })
    return true
  }
}
