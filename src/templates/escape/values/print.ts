/** What a value looks like as text, before any escaping. */
import { htmlOf } from '../../safe.ts'
import { escapeHtml } from './html.ts'

/** A value that has no text of its own. The compiler turns it into an error with a place. */
export class Unprintable extends Error {
  override readonly name = 'Unprintable'
}

/**
 * Nothing for null and undefined, ISO 8601 for dates, items joined with commas for arrays.
 * @throws Unprintable for functions, symbols and objects that do not say how to print them.
 */
export function printText(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return value
    case 'undefined':
      return ''
    case 'object':
      return value === null ? '' : printObject(value)
    case 'function':
    case 'symbol':
      throw new Unprintable(`A ${typeof value} cannot be printed`)
    default:
      return String(value)
  }
}

/** Between tags. */
export function printHtml(value: unknown): string {
  if (typeof value === 'string') return escapeHtml(value)
  if (typeof value !== 'object') return escapeHtml(printText(value))
  return htmlOf(value) ?? escapeHtml(printText(value))
}

function printObject(value: object): string {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? '' : value.toISOString()
  if (Array.isArray(value)) return value.map((item) => (Array.isArray(item) ? '[…]' : printText(item))).join(', ')
  // A class may say how its objects print; data (whose own `toString` could be anything) may not.
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== null && !Object.hasOwn(value, 'toString') && prototype.toString !== Object.prototype.toString) {
    return String(value)
  }
  throw new Unprintable('An object cannot be printed: name one of its properties, or use the filter json')
}
