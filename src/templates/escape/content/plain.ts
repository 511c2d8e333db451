/** What needs no language: text, and places where nothing can be put. */

import { printText } from '../values/print.ts'
import { type Content, type ContentOutput, type Replaced, Unbracketed } from './content.ts'

/** Text that means nothing more. */
export class PlainContent extends Unbracketed implements Content {
  readonly takesAnyCharacter = true
  readonly indifferent = true
  readonly place = ''
  readonly key = 'plain'

  next(): this {
    return this
  }

  output(): ContentOutput {
    return { write: printText, after: this }
  }

  join(other: Content): PlainContent | null {
    return other instanceof PlainContent ? this : null
  }
}

/** A place where no value can be made safe. */
export class RefusingContent extends Unbracketed implements Content {
  readonly takesAnyCharacter = true
  readonly indifferent = true
  readonly key: string
  readonly place: string
  readonly #why: string

  constructor(place: string, why: string) {
    super()
    this.place = place
    this.#why = why
    this.key = `refusing/${place}`
  }

  next(): this {
    return this
  }

  output(): string {
    return this.#why
  }

  join(other: Content): RefusingContent | null {
    return other.key === this.key ? this : null
  }
}

/** The longest text before an output in a meta element that is looked at. */
const LONGEST = 300

/** A policy in a meta element: values can be what a nonce or a hash says, and nothing that would be a rule. */
export class PolicyContent extends Unbracketed implements Content {
  readonly takesAnyCharacter = false
  readonly indifferent = false
  readonly place = 'in a policy'
  readonly key: string
  readonly #text: string

  constructor(text = '') {
    super()
    this.#text = text
    this.key = `policy/${text}`
  }

  next(char: string): PolicyContent {
    return new PolicyContent((this.#text + char).slice(-LONGEST))
  }

  output(): ContentOutput | string {
    if (/'(?:nonce|sha256|sha384|sha512)-[A-Za-z0-9+/_=-]*$/i.test(this.#text)) return { write: token, after: this }
    return "A value cannot be part of a policy, except behind 'nonce- or 'sha256-: send the policy as a field of the reply"
  }

  join(other: Content): PolicyContent | null {
    return other instanceof PolicyContent && other.#text === this.#text ? this : null
  }
}

function token(value: unknown, replaced: Replaced | null): string {
  const text = printText(value)
  if (/^[A-Za-z0-9+/_=-]*$/.test(text)) return text
  replaced?.('blocked', 'a nonce or a hash in a policy is base64')
  return 'blocked'
}
