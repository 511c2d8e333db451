/** Packets for somebody else: what a router does with them (RFC 1812 §5). */
import * as icmp from '../../../wire/icmp.ts'
import * as ipv4 from '../../../wire/ipv4.ts'
import type { DropReason } from '../../events.ts'
import type { Interface } from '../../link/interface.ts'
import { Path } from '../path.ts'
import type { Ip4Host } from './host.ts'
import type { Complaint4, Icmp } from './icmp.ts'
import type { Translator } from './nat/translator.ts'
import type { Ip4Output } from './output.ts'
import type { Paths } from './paths.ts'

/** What is wrong, and what the sender is told. */
interface Refusal {
  readonly reason: DropReason
  readonly complaint: Complaint4 | null
}

const EXPIRED: Refusal = { reason: 'time to live exceeded', complaint: { type: icmp.TIME_EXCEEDED, code: 0 } }
const NO_ROUTE: Refusal = {
  reason: 'no route',
  complaint: { type: icmp.DESTINATION_UNREACHABLE, code: icmp.NET_UNREACHABLE },
}
/** RFC 1812 §4.2.2.11, §5.3.5: broadcasts of other networks are not forwarded (RFC 2644). */
const BROADCAST: Refusal = { reason: 'broadcast is not forwarded', complaint: null }

export class Forwarder {
  readonly #host: Ip4Host
  readonly #paths: Paths
  readonly #output: Ip4Output
  readonly #icmp: Icmp

  constructor(host: Ip4Host, paths: Paths, output: Ip4Output, complaints: Icmp) {
    this.#host = host
    this.#paths = paths
    this.#output = output
    this.#icmp = complaints
  }

  /**
   * Passes a packet on, or tells its sender why not.
   * @param id the number of the frame that brought it
   * @param nat translates what leaves by its outside; null: nobody does
   */
  forward(through: Interface, bytes: Uint8Array, offset: number, id: number | null, nat: Translator | null): void {
    const total = ipv4.totalLength(bytes, offset)
    const way = this.#way(bytes, offset, total)
    if (!(way instanceof Path)) {
      this.#host.journal.dropped(way.reason, through, id, bytes, offset, offset + total)
      if (way.complaint !== null) this.#icmp.complain(way.complaint, bytes, offset, false)
      return
    }
    const frame = this.#host.frames.copy(bytes, offset, total)
    frame.brought = id
    const problem = nat === null ? null : nat.outbound(through, way.interface, frame)
    if (problem !== null) {
      this.#host.journal.dropped(problem, through, id, bytes, offset, offset + total)
      return
    }
    ipv4.decrementTtl(frame.bytes, frame.start)
    this.#host.journal.counters.ipForwarded++
    this.#output.transmit(frame, way, ipv4.destination(bytes, offset), way.interface.device.mtu)
  }

  /** Where a packet goes next, or why it goes nowhere. */
  #way(bytes: Uint8Array, offset: number, total: number): Path | Refusal {
    // RFC 1812 §5.3.1: a time to live that reaches zero ends here, and the sender is told.
    if (ipv4.ttl(bytes, offset) <= 1) return EXPIRED
    const path = this.#paths.to(ipv4.destination(bytes, offset), 0)
    if (path === null) return NO_ROUTE
    if (path.group) return BROADCAST
    const { mtu } = path.interface.device
    // RFC 1191 §4: the sender is told what fits.
    return total > mtu && ipv4.dontFragment(bytes, offset) ? tooLong(mtu) : path
  }
}

function tooLong(mtu: number): Refusal {
  const complaint = { type: icmp.DESTINATION_UNREACHABLE, code: icmp.FRAGMENTATION_NEEDED, mtu }
  return { reason: 'too long for the next link', complaint }
}
