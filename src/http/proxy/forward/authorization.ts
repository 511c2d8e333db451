/** Who may use a forward proxy: Proxy-Authorization (RFC 9110 §11.7.2) by the Basic scheme (RFC 7617). */
import { type Nanos, SECOND } from '../../../base/clock.ts'
import type { Machine } from '../../../base/machine.ts'
import { isPasswordHash, verifyPassword } from '../../../base/password.ts'
import { HmacSha256 } from '../../../base/sha256.ts'
import { HttpMisuse } from '../../errors.ts'
import { utf8 } from '../../machine/text.ts'

/** How long a password that was right is not hashed again: hashing it for every request would be the proxy's whole work. */
const REMEMBERED: Nanos = 300 * SECOND
/** How many are remembered. */
const REMEMBERED_COUNT = 1000

export class ProxyUsers {
  readonly #machine: Machine
  readonly #users: ReadonlyMap<string, string>
  /** Digests of what was right lately, under a key of this process. */
  readonly #right = new Map<string, Nanos>()
  readonly #hmac: HmacSha256

  /** @param users names and hashes of passwords, as `hashPassword` makes them. @throws HttpMisuse for a hash that is none. */
  constructor(machine: Machine, users: { readonly [name: string]: string }) {
    for (const [name, hash] of Object.entries(users)) {
      if (name === '' || name.includes(':'))
        throw new HttpMisuse(
          'HTTP_INVALID_ARGUMENT',
          `forwardProxy(): a user's name has no colon and is not empty: ${JSON.stringify(name)}`,
        )
      if (!isPasswordHash(hash))
        throw new HttpMisuse(
          'HTTP_INVALID_ARGUMENT',
          `forwardProxy(): the password of ${name} must be a hash as hashPassword() makes it, like $argon2id$…`,
        )
    }
    this.#machine = machine
    this.#users = new Map(Object.entries(users))
    const key = new Uint8Array(32)
    machine.random.fill(key)
    this.#hmac = new HmacSha256(key)
  }

  /** The user whose name and password the field has; null for anything else. */
  async userOf(field: string | undefined): Promise<string | null> {
    const credentials = /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(field ?? '')?.[1]
    if (credentials === undefined) return null
    let text: string
    try {
      text = new TextDecoder('utf-8', { fatal: true }).decode(
        Uint8Array.from(atob(credentials), (c) => c.charCodeAt(0)),
      )
    } catch {
      return null
    }
    const colon = text.indexOf(':')
    if (colon < 0) return null
    const name = text.slice(0, colon)
    const digest = String(this.#hmac.of(utf8(text)))
    const now = this.#machine.clock.now()
    if ((this.#right.get(digest) ?? Number.NEGATIVE_INFINITY) > now) return name
    const right = await verifyPassword(text.slice(colon + 1), this.#users.get(name) ?? null, this.#machine)
    if (!right) return null
    if (this.#right.size >= REMEMBERED_COUNT) this.#right.clear()
    this.#right.set(digest, now + REMEMBERED)
    return name
  }
}
