/** Structured fields written (RFC 9651 §4.1): one text for one value, or an error for what has none. */
import { toBase64 } from '../../../base/base64.ts'
import { HttpMisuse } from '../../errors.ts'
import { isTokenCode } from '../characters.ts'
import { isKeyCode, isKeyStart } from './parse.ts'
import type {
  BareItem,
  StructuredDictionary,
  StructuredItem,
  StructuredList,
  StructuredMember,
  StructuredParameters,
} from './values.ts'

/** @throws HttpMisuse for a value that structured fields cannot hold. */
export function formatStructuredItem(item: StructuredItem): string {
  return formatBareItem(item.item) + formatParameters(item.parameters)
}

/** '' for a list without members: the field is left out then. @throws HttpMisuse as `formatStructuredItem` does. */
export function formatStructuredList(list: StructuredList): string {
  return list.map(formatMember).join(', ')
}

/**
 * '' for a dictionary without members: the field is left out then. @throws HttpMisuse as `formatStructuredItem` does.
 *
 * @example
 * formatStructuredDictionary(new Map([['u', { item: { type: 'integer', value: 2 }, parameters: new Map() }]])) // 'u=2'
 */
export function formatStructuredDictionary(dictionary: StructuredDictionary): string {
  const members: string[] = []
  for (const [name, member] of dictionary) {
    const bare = 'item' in member && member.item.type === 'boolean' && member.item.value
    members.push(key(name) + (bare ? formatParameters(member.parameters) : `=${formatMember(member)}`))
  }
  return members.join(', ')
}

/** One value without parameters. @throws HttpMisuse for a value that structured fields cannot hold. */
export function formatBareItem(item: BareItem): string {
  switch (item.type) {
    case 'integer':
      return integer(item.value)
    case 'decimal':
      return decimal(item.value)
    case 'string':
      return string(item.value)
    case 'token':
      return token(item.value)
    case 'bytes':
      return `:${toBase64(item.value)}:`
    case 'boolean':
      return item.value ? '?1' : '?0'
    case 'date':
      return `@${integer(item.value)}`
    case 'display':
      return display(item.value)
  }
}

function formatMember(member: StructuredMember): string {
  if (!('items' in member)) return formatStructuredItem(member)
  return `(${member.items.map(formatStructuredItem).join(' ')})${formatParameters(member.parameters)}`
}

function formatParameters(parameters: StructuredParameters): string {
  let text = ''
  for (const [name, value] of parameters) {
    text += `;${key(name)}`
    if (value.type !== 'boolean' || !value.value) text += `=${formatBareItem(value)}`
  }
  return text
}

const utf8 = new TextEncoder()

const INTEGERS = 999_999_999_999_999
const DECIMALS = 999_999_999_999

function integer(value: number): string {
  if (!Number.isInteger(value) || Math.abs(value) > INTEGERS)
    throw cannot(`${value} is not a whole number of at most 15 digits`)
  return String(value === 0 ? 0 : value)
}

/** To the nearest thousandth, of two equally near ones to the even. */
function decimal(value: number): string {
  const scaled = Math.abs(value) * 1000
  let thousandths = Math.round(scaled)
  if (scaled % 1 === 0.5 && thousandths % 2 === 1) thousandths--
  if (!Number.isFinite(value) || Math.floor(thousandths / 1000) > DECIMALS)
    throw cannot(`${value} is not a decimal of at most 12 digits before its point`)
  const fraction = String(thousandths % 1000)
    .padStart(3, '0')
    .replace(/0{1,2}$/, '')
  return `${value < 0 && thousandths > 0 ? '-' : ''}${Math.floor(thousandths / 1000)}.${fraction}`
}

function string(value: string): string {
  if (!/^[\x20-\x7e]*$/.test(value))
    throw cannot(`the string ${JSON.stringify(value)} has other characters than printable ASCII: send it as display`)
  return `"${value.replace(/["\\]/g, '\\$&')}"`
}

function token(value: string): string {
  let sound = /^[*A-Za-z]/.test(value)
  for (let i = 1; i < value.length; i++) {
    const code = value.charCodeAt(i)
    if (!isTokenCode(code) && code !== 0x3a && code !== 0x2f) sound = false
  }
  if (!sound) throw cannot(`${JSON.stringify(value)} is not a token: send it as string`)
  return value
}

function display(value: string): string {
  if (!value.isWellFormed()) throw cannot(`the display string ${JSON.stringify(value)} has half of a surrogate pair`)
  let text = ''
  for (const octet of utf8.encode(value)) {
    const plain = octet >= 0x20 && octet <= 0x7e && octet !== 0x25 && octet !== 0x22
    text += plain ? String.fromCharCode(octet) : `%${octet.toString(16).padStart(2, '0')}`
  }
  return `%"${text}"`
}

function key(name: string): string {
  let sound = isKeyStart(name.charCodeAt(0))
  for (let i = 1; i < name.length; i++) if (!isKeyCode(name.charCodeAt(i))) sound = false
  if (!sound) throw cannot(`${JSON.stringify(name)} is not a name: lower-case letters, digits and _ - . *`)
  return name
}

function cannot(why: string): HttpMisuse {
  return new HttpMisuse('HTTP_INVALID_FIELD', `structured field: ${why}`)
}
