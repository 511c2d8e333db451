/** HTML that is known to be HTML: printed as it is where text would be escaped. Making one is a claim; search for them. */

export class SafeHtml {
  readonly html: string

  constructor(html: string) {
    this.html = html
  }

  toString(): string {
    return this.html
  }
}

/**
 * Marks a string as HTML that needs no escaping. Whatever a visitor wrote must have been escaped or sanitised before.
 * It counts between tags (and for an attribute's quotes); URLs, scripts and styles are checked all the same.
 */
export function safe(html: string): SafeHtml {
  return new SafeHtml(html)
}

/** An object with a method under this symbol is printed as the HTML that the method gives: a form's field, say. */
export const renderHtml: unique symbol = Symbol('renderHtml')

export interface RendersHtml {
  [renderHtml](): SafeHtml
}

export function rendersHtml(value: unknown): value is RendersHtml {
  return typeof value === 'object' && value !== null && typeof (value as RendersHtml)[renderHtml] === 'function'
}
