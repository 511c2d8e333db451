/** Values in scripts: JSON where an expression is expected, text inside strings. */
import { JsonText, SafeScript } from '../../safe.ts'
import { Unprintable } from './print.ts'

/** A value in JavaScript code: its JSON, but a key `__proto__`, which would set the prototype there, is computed. */
export function escapeJsValue(value: unknown): string {
  if (value instanceof SafeScript) return inScript(value.text)
  const json = jsonOf(value)
  return inCode(json.includes('"__proto__"') ? json.replace(KEY_OR_TEXT, computedProto) : json)
}

/** A value in JSON that a page holds. */
export function escapeJsonValue(value: unknown): string {
  if (value instanceof SafeScript) return inScript(value.text)
  return inCode(value instanceof JsonText ? value.text : toJson(value, undefined, true))
}

/** A whole string of JSON, and the colon behind it when it is a key. */
const KEY_OR_TEXT = /"(?:[^"\\]|\\.)*"(?:\s*:)?/g

/** ECMA-262 §B.3.1: `{"__proto__": x}` sets the prototype, `{["__proto__"]: x}` a property. */
function computedProto(text: string): string {
  return /^"__proto__"\s*:$/.test(text) ? '["__proto__"]:' : text
}

function jsonOf(value: unknown): string {
  return value instanceof JsonText ? value.text : toJson(value)
}

/** What HTML or old scripts would trip over is written as `\u…`. */
function inCode(json: string): string {
  const safe = json.replace(/[<>&'\u2028\u2029\0]/g, unicode)
  // A number must not grow together with the word before it, nor `-1` with a minus.
  return /^["[{]/.test(safe) ? safe : ` ${safe} `
}

/** A program that somebody vouches for may say what it likes, but not where the element ends. */
function inScript(text: string): string {
  return text.replace(/<(?=\/script|!--)/gi, '<\\')
}

/**
 * The JSON of a value; `null` for what JSON has no word for. Big integers become strings.
 * @param wellFormed whether half a pair of UTF-16 becomes U+FFFD: other readers of JSON than scripts refuse it (RFC 8259 §8.2)
 * @throws Unprintable for a promise
 */
export function toJson(value: unknown, indent?: number, wellFormed = false): string {
  const plain = (_: string, part: unknown) => {
    if (typeof part === 'bigint') return String(part)
    if (wellFormed && typeof part === 'string') return part.toWellFormed()
    if (typeof part !== 'object' || part === null) return part
    if ('then' in part && typeof part.then === 'function')
      throw new Unprintable('A promise or a query stands in the data: await it before it becomes JSON')
    return part
  }
  return JSON.stringify(value, plain, indent) ?? 'null'
}

/**
 * Text inside a JavaScript string or template literal. More is escaped than a string needs: should a script be odd
 * enough that it was read wrongly, what arrives cannot call, assign or end anything.
 */
export function escapeJsString(text: string): string {
  return text.replace(/[^\p{L}\p{N} .,_]/gu, (char) => (char.length > 1 ? char : unicode(char)))
}

/** Text inside a string of JSON: what is special in a script, an attribute or a page is written as `\u…`. */
export function escapeJsonString(text: string): string {
  const json = JSON.stringify(text.toWellFormed())
  return json.slice(1, -1).replace(/[<>&'\u2028\u2029\0]/g, unicode)
}

function unicode(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
}
