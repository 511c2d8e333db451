/** The hosts file (hosts(5)): addresses of names known without asking anybody. */
import { ipVersion } from '../../base/ip.ts'
import { type Family, familyOf } from '../../socket/address.ts'
import { DNS_LIMITS } from '../limits.ts'
import { LineFault } from './fault.ts'

/** A hosts file that has been read. */
export interface HostsFile {
  /** Addresses of the name in the order of the file; empty when it is not there. The final dot does not matter. */
  addresses(name: string, family?: Family): readonly string[]
  readonly faults: readonly LineFault[]
}

/** Reads `address name alias…` lines; `#` starts a comment. Never throws. */
export function parseHostsFile(text: string): HostsFile {
  const reader = new HostsReader(text)
  reader.read()
  return reader
}

/** Block lists in this form have a million lines: the text is walked once, and most names have one address. */
class HostsReader implements HostsFile {
  readonly faults: LineFault[] = []
  readonly #text: string
  readonly #byName = new Map<string, string | string[]>()

  constructor(text: string) {
    this.#text = text
  }

  addresses(name: string, family?: Family): readonly string[] {
    const held = this.#byName.get(hostsKey(name)) ?? []
    const addresses = typeof held === 'string' ? [held] : held
    return family === undefined ? addresses : addresses.filter((address) => familyOf(address) === family)
  }

  read(): void {
    let line = 1
    for (let start = 0; start < this.#text.length; line++) {
      const newline = this.#text.indexOf('\n', start)
      const end = newline < 0 ? this.#text.length : newline
      this.#line(start, end, line)
      start = end + 1
    }
  }

  #line(start: number, end: number, line: number): void {
    let address: string | null = null
    let names = 0
    for (let at = this.#skipBlanks(start, end); at < end; at = this.#skipBlanks(at, end)) {
      const wordEnd = this.#wordEnd(at, end)
      if (wordEnd === at) break // a comment
      const word = this.#text.slice(at, wordEnd)
      if (address !== null) {
        names++
        this.#add(word, address)
      } else if (ipVersion(word) !== 0) address = word
      else {
        this.#fault(`'${word.slice(0, MOST_SHOWN)}' is not an IP address`, at, line)
        return
      }
      at = wordEnd
    }
    if (address !== null && names === 0) this.#fault(`no name after ${address}`, start, line)
  }

  /** A file of nothing but faults is no hosts file: the first say so. */
  #fault(why: string, at: number, line: number): void {
    if (this.faults.length < DNS_LIMITS.zone.faults) this.faults.push(new LineFault(why, at, line))
  }

  #skipBlanks(start: number, end: number): number {
    let at = start
    while (at < end && this.#text.charCodeAt(at) <= 32) at++
    return at
  }

  #wordEnd(start: number, end: number): number {
    let at = start
    for (; at < end; at++) {
      const unit = this.#text.charCodeAt(at)
      if (unit <= 32 || unit === HASH) break
    }
    return at
  }

  #add(name: string, address: string): void {
    const key = hostsKey(name)
    const held = this.#byName.get(key)
    if (held === undefined) this.#byName.set(key, address)
    else if (typeof held === 'string') {
      if (held !== address) this.#byName.set(key, [held, address])
    } else if (!held.includes(address)) held.push(address)
  }
}

const HASH = 35
/** Of a word that is no address. */
const MOST_SHOWN = 100

function hostsKey(name: string): string {
  return (name.endsWith('.') ? name.slice(0, -1) : name).toLowerCase()
}
