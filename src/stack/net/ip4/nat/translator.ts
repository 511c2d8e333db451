/** Address translation as a router's IPv4 sees it. */
import type { DropReason } from '../../../events.ts'
import type { Frame } from '../../../frames.ts'
import type { Interface } from '../../../link/interface.ts'

export interface Translator {
  /**
   * A packet on its way through the router, in a frame of its own: what leaves by the outside gets the outside address.
   * @returns why it cannot be translated and must not leave; null: it goes on
   */
  outbound(from: Interface, to: Interface, frame: Frame): DropReason | null
  /**
   * A packet that has come in by an interface. True: it belongs to a translation and is on its way in; false: it is the
   * router's own business.
   */
  inbound(through: Interface, bytes: Uint8Array, offset: number, id: number | null): boolean
}
