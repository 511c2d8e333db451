/** Field lines as flat arrays: reading them, and the check that all of them pass before they reach the wire. */
import { HttpMisuse } from '../errors.ts'
import type { FieldLines } from '../exchange.ts'
import { isFieldValue, isToken } from './characters.ts'

/** All values of a name (lower case), joined as RFC 9110 §5.3 says; undefined when absent. */
export function fieldValue(fields: FieldLines, name: string): string | undefined {
  let value: string | undefined
  for (let i = 0; i + 1 < fields.length; i += 2) {
    if (fields[i]!.length !== name.length || fields[i]!.toLowerCase() !== name) continue
    value = value === undefined ? fields[i + 1]! : `${value}${name === 'cookie' ? '; ' : ', '}${fields[i + 1]}`
  }
  return value
}

/** Names found to be tokens: the same few come again and again. Emptied when strangers have filled it. */
const goodNames = new Set<string>()
const GOOD_NAMES = 512

/** @throws HttpMisuse naming the field: a CR or LF here would let a value write fields, or a whole response. */
export function checkField(name: string, value: string): void {
  if (!goodNames.has(name)) {
    if (typeof name !== 'string' || !isToken(name))
      throw new HttpMisuse('HTTP_INVALID_FIELD', `field name ${JSON.stringify(name)} is not a token (RFC 9110 §5.6.2)`)
    if (goodNames.size >= GOOD_NAMES) goodNames.clear()
    goodNames.add(name)
  }
  // What is no string has no characters to be looked at, and would be made a string later.
  if (typeof value !== 'string')
    throw new HttpMisuse('HTTP_INVALID_FIELD', `field ${name}: the value must be a string, not ${kindOf(value)}`)
  if (!isFieldValue(value))
    throw new HttpMisuse(
      'HTTP_INVALID_FIELD',
      `field ${name}: value ${JSON.stringify(value)} has a control character or one above U+00FF; ` +
        'encode it (encodeField() for UTF-8)',
    )
}

function kindOf(value: unknown): string {
  return typeof value === 'number' || value === undefined || value === null ? String(value) : `a ${typeof value}`
}

/** @throws HttpMisuse when a value is missing. */
export function checkPairs(fields: FieldLines): void {
  if (fields.length % 2 === 0) return
  const what = `fields must be name, value, name, value: the last of these ${fields.length} strings has no value`
  throw new HttpMisuse('HTTP_INVALID_FIELD', what)
}

/** @throws HttpMisuse for a name or value that must not reach the wire. */
export function checkFields(fields: FieldLines): void {
  checkPairs(fields)
  for (let i = 0; i < fields.length; i += 2) checkField(fields[i]!, fields[i + 1]!)
}

/** The field lines of a head that was put together as text. */
export function linesOf(head: string): FieldLines {
  return head
    .split('\r\n')
    .slice(1, -2)
    .flatMap((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)])
}
