/** What a Unix stream has received and nobody will read. */
import type { Libc } from '../libc.ts'

const MSG_DONTWAIT = 0x40
const scratch = new Uint8Array(65_536)
/** More than the kernel holds for one (net.core.wmem_max is the sender's): who fills it while we read is not waited for. */
const ROUNDS = 64

/** Reads it and throws it away: close(2) with unread bytes resets the peer, and with TCP's MSG_TRUNC they would stay. */
export function discardUnread(libc: Libc, fd: number): void {
  for (let round = 0; round < ROUNDS; round++)
    if (libc.recv(fd, scratch, scratch.length, MSG_DONTWAIT) < scratch.length) return
}
