/**
 * Text that is more than text: somebody vouches for what it is. Each kind counts in its own place and is plain text in
 * every other. Making one is a claim about where the text came from; search for the calls.
 */
import { readReferences } from './escape/html/references.ts'

/** HTML that is known to be HTML: printed as it is where text would be escaped. */
export class SafeHtml {
  readonly html: string

  constructor(html: string) {
    this.html = html
  }

  toString(): string {
    return this.html
  }

  toJSON(): string {
    return this.toString()
  }
}

/** Text that was escaped already (the filter `escape`). Outside HTML the text itself is printed, escaped for that place. */
export class EscapedText extends SafeHtml {
  readonly text: string

  constructor(text: string, html: string) {
    super(html)
    this.text = text
  }

  override toString(): string {
    return this.text
  }
}

/** Text in one of the languages of a page. */
abstract class LanguageText {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  toString(): string {
    return this.text
  }

  toJSON(): string {
    return this.text
  }
}

/** JSON (the filter `json`): a script takes it as it is. */
export class JsonText extends LanguageText {}
/** Text that is percent-encoded (the filter `urlencode`): an address takes it as it is. */
export class EncodedText extends LanguageText {}
/** An address whose scheme nobody asks for. */
export class SafeUrl extends LanguageText {}
/** CSS: a value, a declaration, a rule; what the place in the template makes of it. */
export class SafeCss extends LanguageText {}
/** An expression of JavaScript, or JSON where the script is JSON. */
export class SafeScript extends LanguageText {}
/** The whole of a `srcset`, or candidates of one. */
export class SafeSrcset extends LanguageText {}

/**
 * Marks a string as HTML that needs no escaping. Whatever a visitor wrote must have been escaped or sanitised before.
 * It counts between tags (and for an attribute's quotes); addresses, scripts and styles take it for text.
 */
export function safe(html: string): SafeHtml {
  return new SafeHtml(html)
}

/**
 * Vouches for an address with any scheme: `safeUrl('data:image/svg+xml,…')`, `safeUrl('myapp://open')`. With `javascript:`
 * it is a program, so the text must not come from a visitor.
 *
 * A scheme that a whole site needs is better allowed by `new Templates(loader, { schemes: ['myapp'] })`.
 */
export function safeUrl(address: string): SafeUrl {
  return new SafeUrl(address)
}

/** Vouches for CSS: in a style it is printed as it is. A visitor's CSS can hide, move and imitate parts of the page. */
export function safeCss(css: string): SafeCss {
  return new SafeCss(css)
}

/** Vouches for a program: where a script expects an expression, it is printed as it is. Whoever wrote it runs in the page. */
export function safeScript(script: string): SafeScript {
  return new SafeScript(script)
}

/** Vouches for the candidates of a `srcset`, with whatever schemes and descriptors they have. */
export function safeSrcset(candidates: string): SafeSrcset {
  return new SafeSrcset(candidates)
}

/** An object with a method under this symbol is printed as the HTML that the method gives: a form's field, say. */
export const renderHtml: unique symbol = Symbol('renderHtml')

/** A value that gives its own HTML: a form, a widget. */
export interface RendersHtml {
  [renderHtml](): SafeHtml
}

export function rendersHtml(value: unknown): value is RendersHtml {
  return typeof value === 'object' && value !== null && typeof (value as RendersHtml)[renderHtml] === 'function'
}

/** What is HTML already, or null. */
export function htmlOf(value: unknown): string | null {
  if (typeof value !== 'object') return null
  return value instanceof SafeHtml ? value.html : rendersHtml(value) ? value[renderHtml]().html : null
}

/**
 * What counts where HTML cannot be: escaped text is the text, HTML is what its references say, its tags as they are
 * written; everything else is itself.
 */
export function withoutHtml(value: unknown): unknown {
  if (typeof value !== 'object' || value instanceof EscapedText) return value
  const html = htmlOf(value)
  return html === null ? value : readReferences(html)
}
