/**
 * Whether the Node that runs has the fixes of faults that a stranger can reach over the network. A server says so when it
 * begins to listen where strangers are: an operator reads the log of a server sooner than Node's announcements.
 */
import { isLoopback } from '../base/ip.ts'
import type { IpAddress } from '../socket/address.ts'

/**
 * By line, the first version that has the fixes of Node's newest security release (2026-11): what came before can be
 * crashed or made to leak memory by a remote peer. Lines that are not listed get no fixes any more.
 */
const FIXED: { readonly [line: string]: readonly [minor: number, patch: number] } = { 24: [22, 1], 26: [12, 1] }

/** One sentence for the operator, or null for a version with the fixes or one that is newer than this table. */
export function unpatched(version: string): string | null {
  const [major, minor, patch] = (/^v?(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1) ?? []).map(Number)
  if (major === undefined || minor === undefined || patch === undefined) return null
  const newest = Math.max(...Object.keys(FIXED).map(Number))
  if (major > newest) return null
  const fixed = FIXED[major]
  if (fixed === undefined)
    return `Node ${version} gets no security fixes any more: run a server on Node ${newest} (Active LTS)`
  const [fixedMinor, fixedPatch] = fixed
  if (minor > fixedMinor || (minor === fixedMinor && patch >= fixedPatch)) return null
  return `Node ${version} has known faults that a remote peer can use: update to ${major}.${fixedMinor}.${fixedPatch} or newer`
}

let told = false

/** Warns once in a process, for a socket that others than this machine can reach. */
export function warnIfUnpatched({ address }: IpAddress): void {
  if (told || isLoopback(address)) return
  told = true
  const words = unpatched(process.versions.node)
  if (words !== null) process.emitWarning(words, { code: 'RETICLE_UNPATCHED_NODE' })
}
