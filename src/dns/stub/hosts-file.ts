/** The hosts file (hosts(5)): addresses of names known without asking anybody. */
import { ipVersion } from '../../base/ip.ts'
import { type Family, familyOf } from '../../socket/address.ts'

/** What could not be read, and where. Lines that can are used all the same, as every system does. */
export interface HostsFileFault {
  /** Counted from 1. */
  readonly line: number
  readonly why: string
}

export interface HostsFile {
  /** Addresses of the name in the order of the file; empty when it is not there. The final dot does not matter. */
  addresses(name: string, family?: Family): readonly string[]
  readonly faults: readonly HostsFileFault[]
}

/** Reads `address name alias…` lines; `#` starts a comment. Never throws. */
export function parseHostsFile(text: string): HostsFile {
  const byName = new Map<string, string[]>()
  const faults: HostsFileFault[] = []
  for (const [i, raw] of text.split('\n').entries()) {
    const [address, ...names] = (raw.split('#', 1)[0] ?? '').split(/\s+/).filter((word) => word !== '')
    if (address === undefined) continue
    const fault = hostsLineFault(address, names)
    if (fault !== undefined) {
      faults.push({ line: i + 1, why: fault })
      continue
    }
    for (const name of names.map(hostsKey)) {
      const addresses = byName.get(name) ?? []
      if (!addresses.includes(address)) addresses.push(address)
      byName.set(name, addresses)
    }
  }
  return {
    faults,
    addresses(name, family) {
      const addresses = byName.get(hostsKey(name)) ?? []
      return family === undefined ? addresses : addresses.filter((address) => familyOf(address) === family)
    },
  }
}

function hostsLineFault(address: string, names: readonly string[]): string | undefined {
  if (ipVersion(address) === 0) return `'${address}' is not an IP address`
  return names.length === 0 ? `no name after ${address}` : undefined
}

function hostsKey(name: string): string {
  return name.replace(/\.$/, '').toLowerCase()
}
