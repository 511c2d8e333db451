/**
 * What stands beside the request when a runtime or another framework calls `fetch`: our own options, or whatever that
 * caller hands to every application (an environment, a server, an execution context), of which only the client's address
 * is of use here.
 */
import type { Machine } from '../../base/machine.ts'
import { isPort } from '../../base/port.ts'
import type { Address } from '../../socket/address.ts'

export interface CallOptions {
  readonly machine: Machine | null
  readonly remote: Address | null
}

const NOTHING: CallOptions = { machine: null, remote: null }

/** Never throws: what is none of the known shapes is left alone. */
export function optionsOfCall(given: unknown, request: Request): CallOptions {
  if (typeof given !== 'object' || given === null) return NOTHING
  try {
    const { machine, remote, remoteAddr, requestIP } = given as Readonly<Record<string, unknown>>
    return {
      machine: isMachine(machine) ? machine : null,
      remote:
        addressOf(remote) ??
        addressOf(remoteAddr) ?? // Deno.serve
        (typeof requestIP === 'function' ? addressOf(requestIP.call(given, request)) : null), // Bun.serve
    }
  } catch {
    return NOTHING
  }
}

function isMachine(value: unknown): value is Machine {
  if (typeof value !== 'object' || value === null) return false
  const { clock, random, events } = value as Partial<Machine>
  return typeof clock?.now === 'function' && typeof random?.u32 === 'function' && typeof events?.emit === 'function'
}

function addressOf(value: unknown): Address | null {
  if (typeof value !== 'object' || value === null) return null
  const { address, hostname, port } = value as { address?: unknown; hostname?: unknown; port?: unknown }
  const at = address ?? hostname
  return typeof at === 'string' && isPort(port) ? { address: at, port } : null
}
