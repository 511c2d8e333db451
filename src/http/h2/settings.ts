/** What the peer has said about itself (RFC 9113 §6.5). */
import { u16, u32 } from '../../base/octets.ts'
import { Code, FIRST_WINDOW, LEAST_FRAME, MOST_FRAME, MOST_WINDOW, Setting } from './codes.ts'
import { SessionFault } from './fault.ts'
import { TABLE_BYTES } from './hpack/table.ts'

export class PeerSettings {
  /** Of our encoder. */
  tableBytes = TABLE_BYTES
  /** Streams that we may have open. */
  streams = Number.POSITIVE_INFINITY
  /** What a new stream lets us send. */
  window = FIRST_WINDOW
  frameBytes = LEAST_FRAME
  /** The most that a list of fields may be. */
  listBytes = Number.POSITIVE_INFINITY
  /** Whether the peer takes extended CONNECT (RFC 8441). */
  connectProtocol = false
  /** Whether the first SETTINGS have come, and what they said of the priorities of RFC 7540. */
  #first = true
  #noOldPriorities = 0

  /** @param client whether the peer is one. @returns what is wrong; null for nothing */
  take(bytes: Uint8Array, from: number, to: number, client: boolean): SessionFault | null {
    for (let at = from; at < to; at += 6) {
      const fault = this.#setting(u16(bytes, at), u32(bytes, at + 2), client)
      if (fault !== null) return fault
    }
    this.#first = false
    return null
  }

  #setting(name: number, value: number, client: boolean): SessionFault | null {
    switch (name) {
      case Setting.tableBytes:
        this.tableBytes = value
        return null
      case Setting.push:
        // RFC 9113 §6.5.2: a server must not say that it takes pushes.
        return value <= (client ? 1 : 0) ? null : wrong(`ENABLE_PUSH of ${value}`)
      case Setting.streams:
        this.streams = value
        return null
      case Setting.window:
        if (value > MOST_WINDOW) return new SessionFault(Code.flowControl, `an INITIAL_WINDOW_SIZE of ${value}`, 0)
        this.window = value
        return null
      case Setting.frameBytes:
        if (value < LEAST_FRAME || value > MOST_FRAME) return wrong(`a MAX_FRAME_SIZE of ${value}`)
        this.frameBytes = value
        return null
      case Setting.listBytes:
        this.listBytes = value
        return null
      case Setting.connectProtocol:
        // RFC 8441 §3: nor may it be taken back.
        if (value > 1 || (value === 0 && this.connectProtocol)) return wrong(`ENABLE_CONNECT_PROTOCOL of ${value}`)
        this.connectProtocol = value === 1
        return null
      case Setting.noOldPriorities:
        // RFC 9218 §2.1: 0 or 1, and what the first SETTINGS say.
        if (value > 1 || (!this.#first && value !== this.#noOldPriorities))
          return wrong(`NO_RFC7540_PRIORITIES of ${value}`)
        this.#noOldPriorities = value
        return null
      default:
        return null // RFC 9113 §6.5.2: unknown ones are ignored.
    }
  }
}

function wrong(why: string): SessionFault {
  return new SessionFault(Code.protocol, why, 0)
}
