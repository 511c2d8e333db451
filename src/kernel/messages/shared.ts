/** The memory that all datagram sockets of the process receive into and send from, one at a time. */
import type { Libc } from '../libc.ts'
import { Outbox } from './outbox.ts'
import { MessageVector } from './vector.ts'

/** A socket that has something queued. */
interface Waiting {
  /** The process ends: hands over what the kernel takes. */
  lastWords(): void
}

export interface Shared {
  readonly inbox: MessageVector
  readonly outbox: Outbox
  readonly waiting: Set<Waiting>
}

let shared: Shared | undefined

export function sharedBoxes(libc: Libc): Shared {
  if (shared !== undefined) return shared
  const made: Shared = { inbox: new MessageVector(libc), outbox: new Outbox(libc), waiting: new Set() }
  shared = made
  // What `send` has taken is the kernel's to deliver, whatever becomes of the process.
  process.once('exit', () => {
    made.outbox.flush()
    for (const socket of made.waiting) socket.lastWords()
  })
  return made
}
