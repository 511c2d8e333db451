/** Addresses: at the scheme, behind which everything is harmless, or in the query. */
import { addressText, escapeFirstSegment, escapeUrlPart, escapeUrlQuery, escapeUrlStart } from '../values/address.ts'
import { escapeSrcset, inSrcset } from '../values/srcset.ts'
import { type Content, type ContentOutput, type Escaper, type Settings, Unbracketed } from './content.ts'

/**
 * start: nothing yet. scheme: letters that may become a scheme. dynamic: a value stands where the scheme would.
 * root: one slash, behind which another would begin a host. path: the scheme is decided. query: behind `?` or `#`.
 * data: a data: URL up to its comma. media: the base64 of a picture. code: the scheme is one that runs or embeds.
 * mixed: the branches before differ in whether this is the query.
 */
type Part = 'start' | 'scheme' | 'dynamic' | 'root' | 'path' | 'query' | 'data' | 'media' | 'code' | 'mixed'

/** Schemes whose addresses are programs, or documents of the page's own. */
const CODE_SCHEMES = new Set(['javascript', 'vbscript', 'livescript', 'jscript', 'mocha'])
/** What may stand before the comma of a data: URL for a value to follow: nothing of these kinds runs. */
const MEDIA = /^(image\/(?!svg)[\w.+-]+|audio\/[\w.+-]+|video\/[\w.+-]+|font\/[\w.+-]+);base64$/
/** The longest head of a data: URL, and the longest scheme, that is looked at. */
const LONGEST = 80

const SCHEME_IS_A_VALUE =
  'A value cannot be the scheme of an address: write the scheme itself, or make the value the whole address'

export class UrlContent extends Unbracketed implements Content {
  readonly takesAnyCharacter = true
  readonly indifferent: boolean
  readonly place = 'in an address'
  readonly key: string
  readonly #part: Part
  /** The scheme as far as it has been read, or the head of a data: URL. */
  readonly #head: string
  /** Whether the address is that of a picture or a film, which may be a data: URL. */
  readonly #pictures: boolean

  constructor(pictures = false, part: Part = 'start', head = '') {
    super()
    this.#part = part
    this.#head = head
    this.#pictures = pictures
    this.indifferent = part === 'path' || part === 'query' || part === 'media'
    this.key = `url${pictures ? '+' : ''}/${part}/${head}`
  }

  next(char: string): UrlContent | string {
    switch (this.#part) {
      case 'query':
      case 'code':
      case 'media':
        return this
      case 'data':
        if (char !== ',') return this.#to('data', (this.#head + char.toLowerCase().trim()).slice(0, LONGEST))
        return this.#to(MEDIA.test(this.#head) ? 'media' : 'code')
    }
    if (char === '?' || char === '#') return this.#part === 'mixed' ? this : this.#to('query')
    if (this.#part === 'path' || this.#part === 'mixed') return this
    // URL Standard §4.4: browsers take these away before the scheme, and line ends anywhere.
    if (char <= ' ') return this
    if (this.#part === 'root') return this.#to('path')
    if (char === '/' || char === '\\') return this.#to(this.#part === 'start' ? 'root' : 'path')
    if (this.#part === 'dynamic') return char === ':' ? SCHEME_IS_A_VALUE : this
    if (char !== ':') return this.#to('scheme', (this.#head + char.toLowerCase()).slice(0, LONGEST))
    return this.#to(this.#head === 'data' ? 'data' : CODE_SCHEMES.has(this.#head) ? 'code' : 'path')
  }

  output(settings: Settings): ContentOutput | string {
    const write = this.#escaper(settings)
    if (typeof write === 'string') return write
    const begins = this.#part === 'start' || this.#part === 'scheme'
    return { write, after: begins ? this.#to('dynamic') : this.#part === 'root' ? this.#to('path') : this }
  }

  #escaper(settings: Settings): Escaper | string {
    switch (this.#part) {
      case 'start':
      case 'scheme':
      case 'dynamic':
        return (value, replaced) => escapeUrlStart(value, settings, replaced, this.#pictures)
      case 'root':
        return (value, replaced) => escapeFirstSegment(addressText(value), replaced)
      case 'path':
      case 'media':
        return (value) => escapeUrlPart(addressText(value))
      case 'query':
        return (value) => escapeUrlQuery(value)
      case 'data':
      case 'code':
        return 'A value cannot stand in an address that is a program or a document (javascript:, data:): make it the whole address with safeUrl'
      case 'mixed':
        return 'It is not known whether this is the query of the address: the branches before differ'
    }
  }

  join(other: Content): UrlContent | null {
    if (!(other instanceof UrlContent) || other.#pictures !== this.#pictures) return null
    if (this.key === other.key) return this
    const parts = [this.#part, other.#part]
    if (parts.includes('code') || parts.includes('data')) return this.#to('code')
    if (parts.includes('query') || parts.includes('mixed')) return this.#to('mixed')
    return this.#to('dynamic') // the strictest of the rest: what follows may not make a scheme
  }

  #to(part: Part, head = ''): UrlContent {
    return new UrlContent(this.#pictures, part, head)
  }
}

/** Several addresses with marks between them: a srcset, the values of an animation. */
export class UrlListContent extends Unbracketed implements Content {
  readonly takesAnyCharacter = false
  readonly indifferent = false
  readonly place = 'in a list of addresses'
  readonly key: string
  readonly #kind: 'srcset' | 'values'
  readonly #url: UrlContent

  constructor(kind: 'srcset' | 'values', url = new UrlContent(kind === 'srcset')) {
    super()
    this.#kind = kind
    this.#url = url
    this.key = `${kind}/${url.key}`
  }

  next(char: string): UrlListContent | string {
    const ends = this.#kind === 'srcset' ? /[\t\n\f\r ,]/ : /;/
    const url = ends.test(char) ? new UrlContent(this.#kind === 'srcset') : this.#url.next(char)
    return typeof url === 'string' ? url : new UrlListContent(this.#kind, url)
  }

  output(settings: Settings): ContentOutput | string {
    const output = this.#url.output(settings)
    if (typeof output === 'string') return output
    const begins = this.key === `${this.#kind}/${new UrlContent(this.#kind === 'srcset').key}`
    const write: Escaper =
      this.#kind === 'values'
        ? (value, replaced) => output.write(value, replaced).replace(/;/g, '%3B')
        : begins
          ? (value, replaced) => escapeSrcset(value, settings, replaced)
          : (value, replaced) => inSrcset(output.write(value, replaced))
    return { write, after: new UrlListContent(this.#kind, output.after as UrlContent) }
  }

  join(other: Content): UrlListContent | null {
    if (!(other instanceof UrlListContent) || other.#kind !== this.#kind) return null
    const url = this.#url.join(other.#url)
    return url && new UrlListContent(this.#kind, url)
  }
}
