/** UTF-8 (RFC 3629) checked as it comes, cut anywhere: the first octet that no text can have is found when it arrives. */
import { latin1 } from '../../machine/text.ts'

/** Checks one text that comes in pieces. */
export class Utf8Check {
  /** Octets that the character under way still needs, and what the next of them may be. */
  #missing = 0
  #least = 0x80
  #most = 0xbf

  /** Whether the text may end here. */
  get whole(): boolean {
    return this.#missing === 0
  }

  reset(): void {
    this.#missing = 0
    this.#least = 0x80
    this.#most = 0xbf
  }

  /** Takes octets. @returns where the first stands that cannot be meant; -1 when all can. */
  push(bytes: Uint8Array, start: number, end: number): number {
    for (let at = start; at < end; at++) {
      const octet = bytes[at]!
      if (this.#missing > 0) {
        if (octet < this.#least || octet > this.#most) return at
        this.#least = 0x80
        this.#most = 0xbf
        this.#missing--
      } else if (octet >= 0x80 && !this.#lead(octet)) return at
    }
    return -1
  }

  /** The first octet of a character: RFC 3629 §4 says what may follow it. Neither surrogates nor long forms. */
  #lead(octet: number): boolean {
    if (octet < 0xc2 || octet > 0xf4) return false
    if (octet < 0xe0) this.#missing = 1
    else if (octet < 0xf0) {
      this.#missing = 2
      if (octet === 0xe0) this.#least = 0xa0
      if (octet === 0xed) this.#most = 0x9f
    } else {
      this.#missing = 3
      if (octet === 0xf0) this.#least = 0x90
      if (octet === 0xf4) this.#most = 0x8f
    }
    return true
  }
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
/** Up to here a loop that looks for ASCII is quicker than the decoder's call. */
const SHORT = 64

/** A whole text; null when it is not UTF-8. */
export function textOf(bytes: Uint8Array, start: number, end: number): string | null {
  if (end - start <= SHORT && isAscii(bytes, start, end)) return latin1(bytes, start, end)
  try {
    return strict.decode(bytes.subarray(start, end))
  } catch {
    return null
  }
}

function isAscii(bytes: Uint8Array, start: number, end: number): boolean {
  let all = 0
  for (let at = start; at < end; at++) all |= bytes[at]!
  return all < 0x80
}
