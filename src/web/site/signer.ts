/** Signatures for a program's own purposes: links in mails, tokens of downloads. */
import { type Duration, days } from '../../base/duration.ts'
import type { Machine } from '../../base/machine.ts'
import type { Signer } from '../security/signing.ts'

/**
 * Signs texts for one purpose with the site's secrets, and dates them by its clock.
 *
 * @example
 * const reset = site.signer('password reset')
 * const link = `${c.origin}${to.reset()}?token=${encodeURIComponent(reset.sign(String(user.id)))}`
 * const id = reset.verify(c.query.get('token') ?? '', hours(1)) // null: forged, or too old
 */
export class SiteSigner {
  readonly #signer: Signer
  readonly #machine: () => Machine

  constructor(signer: Signer, machine: () => Machine) {
    this.#signer = signer
    this.#machine = machine
  }

  /** The text with the time and a signature: readable by everybody, made by nobody else. */
  sign(text: string): string {
    return this.#signer.sign(text, this.#machine().clock.wallMillis())
  }

  /**
   * The text of a signed one; null when it was not signed for this purpose, is too old, or was tampered with.
   * @param maxAge how long a signature counts; a day by default.
   */
  verify(signed: string, maxAge: Duration = days(1)): string | null {
    return this.#signer.verify(signed, this.#machine().clock.wallMillis(), maxAge)?.text ?? null
  }
}
