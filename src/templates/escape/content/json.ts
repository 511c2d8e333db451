/** JSON in a page: in a string or between values. */
import { JsonText, SafeScript, withoutHtml } from '../../safe.ts'
import { escapeUrlStart } from '../values/address.ts'
import { printText } from '../values/print.ts'
import { escapeJsonString, escapeJsonValue } from '../values/script.ts'
import type { Content, ContentOutput, Replaced, Settings } from './content.ts'
import { stringRefuses } from './js-state.ts'
import { UrlContent } from './url.ts'

/** Whether a value may follow: behind another value it may not, where branches meet it is not known. */
type Follows = 'value' | 'mark' | 'either'

export class JsonContent implements Content {
  readonly takesAnyCharacter = false
  readonly indifferent = false
  readonly key: string
  /** In an import map, strings are addresses of programs. */
  readonly #addresses: boolean
  readonly #string: boolean
  /** What has been read of an escape: a backslash, `\u00`. */
  readonly #escaped: string
  readonly #follows: Follows
  readonly #url: UrlContent

  constructor(addresses = false, string = false, escaped = '', follows: Follows = 'value', url = new UrlContent()) {
    this.#addresses = addresses
    this.#string = string
    this.#escaped = escaped
    this.#follows = follows
    this.#url = url
    this.key = `json${addresses}/${string}/${escaped}/${follows}/${addresses ? url.key : ''}`
  }

  get place(): string {
    return this.#string ? 'in a string of JSON' : 'in JSON'
  }

  next(char: string): JsonContent | string {
    if (!this.#string) {
      if (char === '"') return this.#with(true, '', 'mark', new UrlContent())
      if (/\s/.test(char)) return this
      return this.#with(false, '', /[[{,:]/.test(char) ? 'value' : 'mark')
    }
    if (/[\n\r]/.test(char)) return 'The string is not closed on its line'
    if (this.#escaped !== '') return this.#escape(this.#escaped + char)
    if (char === '\\') return this.#with(true, char, 'mark')
    if (char === '"') return this.#with(false, '', 'mark')
    return this.#with(true, '', 'mark', this.#read(char))
  }

  output(settings: Settings): ContentOutput | string {
    if (this.#escaped !== '') return stringRefuses(this.#escaped)
    if (this.#string) return this.#addresses ? this.#address(settings) : { write: text, after: this }
    if (this.#follows === 'mark')
      return 'A value stands directly behind another one: write the comma, or a string around both'
    const write = this.#addresses
      ? (value: unknown, replaced: Replaced | null) => escapeJsonValue(checked(value, settings, replaced))
      : escapeJsonValue
    return { write, after: this.#with(false, '', 'mark') }
  }

  end(): string | null {
    return this.#string ? 'A string is not closed where the JSON ends' : null
  }

  detached(): this {
    return this
  }

  attached(behind: Content): Content {
    return behind
  }

  join(other: Content): JsonContent | null {
    if (!(other instanceof JsonContent) || this.#addresses !== other.#addresses) return null
    if (this.#string !== other.#string || this.#escaped !== other.#escaped) return null
    const follows = this.#follows === other.#follows ? this.#follows : 'either'
    const url = this.#url.join(other.#url)
    return url && this.#with(this.#string, this.#escaped, follows, url)
  }

  #address(settings: Settings): ContentOutput | string {
    const output = this.#url.output(settings)
    if (typeof output === 'string') return output
    return {
      write: (value, replaced) => escapeJsonString(output.write(value, replaced)),
      after: this.#with(true, '', 'mark', output.after as UrlContent),
    }
  }

  /** RFC 8259 §7: `\u` takes four digits, every other escape one character. */
  #escape(read: string): JsonContent {
    const whole = read.startsWith('\\u') ? read.length === 6 : true
    // What the escape says is not worked out: the address with one is not known.
    const url = read === '\\/' ? this.#read('/') : new UrlContent(false, 'code')
    return this.#with(true, whole ? '' : read, 'mark', url)
  }

  #read(char: string): UrlContent {
    const next = this.#url.next(char)
    // What the address refuses (a scheme that is a value) is refused at the next output.
    return typeof next === 'string' ? new UrlContent(false, 'code') : next
  }

  #with(string: boolean, escaped: string, follows: Follows, url = this.#url): JsonContent {
    return new JsonContent(this.#addresses, string, escaped, follows, url)
  }
}

function text(value: unknown): string {
  return escapeJsonString(printText(value))
}

/** All strings in a value that becomes part of an import map are addresses. */
function checked(value: unknown, settings: Settings, replaced: Replaced | null): unknown {
  if (value instanceof SafeScript) return value
  const whole: unknown = value instanceof JsonText ? JSON.parse(value.text) : withoutHtml(value)
  return JSON.parse(JSON.stringify(whole ?? null), (_, part: unknown) =>
    typeof part === 'string' ? escapeUrlStart(part, settings, replaced) : part,
  )
}
