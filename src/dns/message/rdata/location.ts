/** The field of LOC (RFC 1876): a place on Earth. */
import { u32 } from '../../../base/octets.ts'
import { type Field, fixedEnd } from './field.ts'
import { TextError, type Word, type Words } from './lexer.ts'

export interface Location {
  /** Thousandths of a second of arc, north and east positive. */
  readonly latitude: number
  readonly longitude: number
  /** Centimetres above the WGS 84 spheroid. */
  readonly altitude: number
  /** Centimetres; each is kept as one digit times a power of ten. */
  readonly size: number
  readonly horizontal: number
  readonly vertical: number
}

const EQUATOR = 2 ** 31
const SEA = 100_000_00

/** RFC 1876 §2: a digit from 0 to 9 and a power of ten from 0 to 9, in an octet. */
function precision(octet: number): number {
  return (octet >>> 4) * 10 ** (octet & 15)
}

function precisionOctet(centimetres: number): number {
  let exponent = 0
  let digit = centimetres
  for (; digit > 9; digit = Math.floor(digit / 10)) exponent++
  return (digit << 4) | exponent
}

function angleText(value: number, positive: string, negative: string): string {
  const magnitude = Math.abs(value)
  const pad = (part: number) => String(part).padStart(2, '0')
  const seconds = ((magnitude % 60_000) / 1000).toFixed(3).padStart(6, '0')
  const minutes = Math.floor(magnitude / 60_000) % 60
  return `${pad(Math.floor(magnitude / 3_600_000))} ${pad(minutes)} ${seconds} ${value < 0 ? negative : positive}`
}

function metresText(centimetres: number): string {
  return `${centimetres % 100 === 0 && centimetres !== 0 ? centimetres / 100 : (centimetres / 100).toFixed(2)}m`
}

/** `42 21 54.5 N`: degrees, and minutes and seconds if given, up to the letter of the direction. */
function parseAngle(words: Words, degrees: number, positive: string, negative: string): number {
  const factors = [3_600_000, 60_000, 1000]
  const limits = [degrees, 59, 59.999]
  let sum = 0
  let first: Word | undefined
  for (let part = 0; part < 4; part++) {
    const word = words.next(`an angle that ends with ${positive} or ${negative}`)
    first ??= word
    const text = word.text.toUpperCase()
    if (part > 0 && (text === positive || text === negative)) {
      if (sum > degrees * 3_600_000) throw new TextError(`an angle of more than ${degrees} degrees`, first)
      return text === negative ? -sum : sum
    }
    const form = part === 2 ? /^[0-9]{1,2}(\.[0-9]{0,3})?$/ : /^[0-9]{1,3}$/
    if (part === 3 || !form.test(text) || Number(text) > limits[part]!)
      throw new TextError(`'${word.text}' is not a part of an angle up to ${degrees} degrees`, word)
    sum += Math.round(Number(text) * factors[part]!)
  }
  return sum
}

function parseMetres(word: Word, least: number, most: number): number {
  if (!/^-?[0-9]{1,9}(\.[0-9]{0,2})?m?$/i.test(word.text))
    throw new TextError(`'${word.text}' is not a length in metres`, word)
  const value = Math.round(Number.parseFloat(word.text) * 100)
  if (value < least || value > most)
    throw new TextError(`a length from ${least / 100}m to ${most / 100}m, not '${word.text}'`, word)
  return value
}

export const location: Field<Location> = {
  // RFC 1876 §2: version 0 only; digits and powers past 9 mean nothing.
  end: (wire, at, end) => {
    const next = fixedEnd(16)(wire, at, end)
    if (next < 0 || wire[at] !== 0) return -1
    for (let i = at + 1; i < at + 4; i++) if (wire[i]! >>> 4 > 9 || (wire[i]! & 15) > 9) return -1
    return next
  },
  get(wire, at) {
    return {
      latitude: u32(wire, at + 4) - EQUATOR,
      longitude: u32(wire, at + 8) - EQUATOR,
      altitude: u32(wire, at + 12) - SEA,
      size: precision(wire[at + 1]!),
      horizontal: precision(wire[at + 2]!),
      vertical: precision(wire[at + 3]!),
    }
  },
  put(value, out) {
    out.u8(0)
    for (const length of [value.size, value.horizontal, value.vertical]) out.u8(precisionOctet(length))
    out.u32(value.latitude + EQUATOR)
    out.u32(value.longitude + EQUATOR)
    out.u32(value.altitude + SEA)
  },
  print(value) {
    const lengths = [value.altitude, value.size, value.horizontal, value.vertical]
      .map((length, i) => (i === 0 && length === 0 ? '0m' : metresText(length)))
      .join(' ')
    return `${angleText(value.latitude, 'N', 'S')} ${angleText(value.longitude, 'E', 'W')} ${lengths}`
  },
  parse(words) {
    const latitude = parseAngle(words, 90, 'N', 'S')
    const longitude = parseAngle(words, 180, 'E', 'W')
    const altitude = parseMetres(words.next('an altitude'), -SEA, 2 ** 32 - 1 - SEA)
    // RFC 1876 §3: 1 m, 10 km and 10 m where nothing is said.
    const [size, horizontal, vertical] = [100, 1_000_000, 1000].map((usual) =>
      words.more ? parseMetres(words.next('a length'), 0, 9e9) : usual,
    ) as [number, number, number]
    return { latitude, longitude, altitude, size, horizontal, vertical }
  },
}
