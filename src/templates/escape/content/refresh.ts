/** `<meta http-equiv="refresh" content="5; url=/there">` (HTML §4.2.5.3, shared declarative refresh steps). */
import { printText } from '../values/print.ts'
import { type Content, type ContentOutput, type Replaced, type Settings, Unbracketed } from './content.ts'
import { UrlContent } from './url.ts'

/** What may stand before the address: a time, a mark, `url=`. */
const BEFORE_ADDRESS = /^\s*[\d.]+\s*[;,]?\s*url\s*=\s*["']?/i
/** The longest text before an address that is looked at. */
const LONGEST = 300

export class RefreshContent extends Unbracketed implements Content {
  readonly takesAnyCharacter = false
  readonly indifferent = false
  readonly place = 'in a refresh'
  readonly key: string
  readonly #text: string
  /** Where in the address we are; null while no value is part of it. */
  readonly #url: UrlContent | null

  constructor(text = '', url: UrlContent | null = null) {
    super()
    this.#text = text
    this.#url = url
    this.key = `refresh/${url === null ? text : url.key}`
  }

  next(char: string): RefreshContent | string {
    if (this.#url === null) return new RefreshContent((this.#text + char).slice(0, LONGEST))
    const url = this.#url.next(char)
    return typeof url === 'string' ? url : new RefreshContent('', url)
  }

  output(settings: Settings): ContentOutput | string {
    const url = this.#address()
    if (url === null && /^\s*\d*$/.test(this.#text)) {
      return { write: seconds, after: new RefreshContent(`${this.#text}0`) }
    }
    if (url === null) return 'It is not known where the address begins: write url= before the value'
    if (typeof url === 'string') return url
    const output = url.output(settings)
    return typeof output === 'string'
      ? output
      : { ...output, after: new RefreshContent('', output.after as UrlContent) }
  }

  join(other: Content): RefreshContent | null {
    if (!(other instanceof RefreshContent)) return null
    if (other.key === this.key) return this
    const url = this.#url && other.#url && this.#url.join(other.#url)
    return url && new RefreshContent('', url)
  }

  #address(): UrlContent | string | null {
    if (this.#url !== null) return this.#url
    const before = BEFORE_ADDRESS.exec(this.#text)
    if (before === null) return null
    let url: UrlContent | string = new UrlContent()
    for (const char of this.#text.slice(before[0].length)) {
      url = url.next(char)
      if (typeof url === 'string') return url
    }
    return url
  }
}

function seconds(value: unknown, replaced: Replaced | null): string {
  const text = printText(value)
  if (/^\d*$/.test(text)) return text
  replaced?.('0', 'the time of a refresh is a whole number of seconds')
  return '0'
}
