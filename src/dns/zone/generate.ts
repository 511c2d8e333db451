/** BIND's `$GENERATE`: one line that stands for many records, `$` in it for a running number. */
import { TextError, type Word } from '../message/rdata/lexer.ts'

/** The numbers that a `$GENERATE` runs through. */
export interface Range {
  readonly start: number
  readonly stop: number
  readonly step: number
}

const MAX_NUMBER = 0x7fffffff
/** The widest that a number may be filled up to: a label's length. */
const MAX_WIDTH = 63

/** `1-254`, `0-100/2`. @throws TextError */
export function parseRange(word: Word): Range {
  const form = /^([0-9]{1,10})-([0-9]{1,10})(?:\/([0-9]{1,10}))?$/.exec(word.text)
  const [start, stop, step] = form === null ? [] : [Number(form[1]), Number(form[2]), Number(form[3] ?? 1)]
  if (start === undefined || stop! > MAX_NUMBER || step! < 1 || start > stop!)
    throw new TextError(`'${word.text}' is not a range like 1-254 or 0-100/2`, word)
  return { start, stop: stop!, step: step! }
}

/** `$` or `${offset,width,base}` in the word replaced by the number; `\$` stays, `$$` is one `$`. @throws TextError */
export function expand(word: Word, value: number): string {
  return word.text.replace(/\\.|\$\$|\$(?:\{([^}]*)\})?/gs, (match, form: string | undefined) => {
    if (match.startsWith('\\')) return match
    if (match === '$$') return '\\$'
    if (form === undefined) return String(value)
    const parts = /^(-?[0-9]{1,10})(?:,([0-9]{1,2})(?:,([doxXnN]))?)?$/.exec(form)
    const width = Number(parts?.[2] ?? 0)
    if (parts === null || width > MAX_WIDTH)
      throw new TextError(`'\${${form}}' has not the form \${offset,width,base} with base d, o, x, X, n or N`, word)
    const number = value + Number(parts[1])
    if (number < 0) throw new TextError(`'\${${form}}' makes a number below 0`, word)
    return written(number, width, parts[3] ?? 'd')
  })
}

function written(number: number, width: number, base: string): string {
  if (base === 'n' || base === 'N') return nibbles(number, width, base === 'N')
  const radix = base === 'd' ? 10 : base === 'o' ? 8 : 16
  const digits = number.toString(radix).padStart(width, '0')
  return base === 'X' ? digits.toUpperCase() : digits
}

/** Hexadecimal digits with dots, the last one first, as in ip6.arpa; the width counts the dots. */
function nibbles(number: number, width: number, upper: boolean): string {
  const digits = [...number.toString(16)].reverse()
  while (digits.length * 2 - 1 < width) digits.push('0')
  const text = digits.join('.')
  return upper ? text.toUpperCase() : text
}
