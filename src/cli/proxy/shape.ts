/** What a configuration file may hold: shapes that read a value, and say of each fault where it is and what to do. */
import { type Duration, hours, minutes, ms, seconds } from '../../base/duration.ts'
import { didYouMean } from '../nearest.ts'
import type { FileFault, Value } from './jsonc.ts'

/** Reads a value; undefined after a fault that it has told. */
export type Shape<T> = (value: Value, faults: FileFault[]) => T | undefined

type Read<S> = S extends Shape<infer T> ? T : never

/** An object with these names, all of which may be missing. */
export type Fields = { readonly [name: string]: Shape<unknown> }

function told(faults: FileFault[], { line, column }: Value, why: string): undefined {
  faults.push({ line, column, why })
  return undefined
}

/** What a value is, for messages. */
function kindOf(value: Value): string {
  switch (value.kind) {
    case 'text':
      return JSON.stringify(value.text.slice(0, 60))
    case 'number':
      return String(value.number)
    case 'other':
      return String(value.other)
    default:
      return value.kind === 'list' ? 'a list' : 'an object'
  }
}

/** Text for which `problem` has nothing to say. */
export function text(expected: string, good: (text: string) => boolean = () => true): Shape<string> {
  return (value, faults) => {
    if (value.kind === 'text' && good(value.text)) return value.text
    return told(faults, value, `${expected} is expected, not ${kindOf(value)}`)
  }
}

export function number(least: number, most: number, whole = true): Shape<number> {
  return (value, faults) => {
    const good = value.kind === 'number' && value.number >= least && value.number <= most
    if (good && (!whole || Number.isInteger(value.number))) return value.number
    const kind = whole ? 'a whole number' : 'a number'
    return told(faults, value, `${kind} from ${least} to ${most} is expected, not ${kindOf(value)}`)
  }
}

export const yes: Shape<boolean> = (value, faults) =>
  value.kind === 'other' && value.other !== null
    ? value.other
    : told(faults, value, `true or false is expected, not ${kindOf(value)}`)

const UNITS: { readonly [unit: string]: (count: number) => Duration } = { ms, s: seconds, m: minutes, h: hours }

/** `500ms`, `5s`, `1.5m`, `2h`. */
export const duration: Shape<Duration> = (value, faults) => {
  const parts = value.kind === 'text' ? /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(value.text) : null
  if (parts !== null) return UNITS[parts[2]!]!(Number(parts[1]))
  return told(faults, value, `a time like "500ms", "5s" or "2m" is expected, not ${kindOf(value)}`)
}

export function oneOf<T extends string>(...words: readonly T[]): Shape<T> {
  return (value, faults) => {
    if (value.kind === 'text' && words.includes(value.text as T)) return value.text as T
    const hint = value.kind === 'text' ? didYouMean(value.text, words) : ''
    return told(
      faults,
      value,
      `${words.map((word) => JSON.stringify(word)).join(' or ')} is expected, not ${kindOf(value)}${hint}`,
    )
  }
}

/** One, or a list of them. */
export function some<T>(one: Shape<T>): Shape<readonly T[]> {
  return (value, faults) => {
    const read = (value.kind === 'list' ? value.items : [value]).map((item) => one(item, faults))
    return read.includes(undefined) ? undefined : (read as T[])
  }
}

/** By the kind of the value. */
export function either<A, B>(object: Shape<A>, other: Shape<B>): Shape<A | B> {
  return (value, faults) => (value.kind === 'object' ? object(value, faults) : other(value, faults))
}

/** Names of any kind, each with a value of one. */
export function record<T>(one: Shape<T>): Shape<{ readonly [name: string]: T }> {
  return (value, faults) => {
    if (value.kind !== 'object')
      return told(faults, value, `an object like { "name": … } is expected, not ${kindOf(value)}`)
    const all: Record<string, T> = {}
    for (const { name, value: held } of value.entries) {
      const read = one(held, faults)
      if (read !== undefined) all[name] = read
    }
    return all
  }
}

/** An object that knows its names. */
export function object<F extends Fields>(fields: F): Shape<{ readonly [N in keyof F]?: Read<F[N]> }> {
  return (value, faults) => {
    if (value.kind !== 'object')
      return told(faults, value, `an object with ${list(Object.keys(fields))} is expected, not ${kindOf(value)}`)
    const read: Record<string, unknown> = {}
    for (const { name, value: held, line, column } of value.entries) {
      if (!Object.hasOwn(fields, name)) {
        const hint = didYouMean(name, Object.keys(fields)) || `: here are ${list(Object.keys(fields))}`
        faults.push({ line, column, why: `there is no "${name}"${hint}` })
        continue
      }
      const one = fields[name]!(held, faults)
      if (one !== undefined) read[name] = one
    }
    return read as { readonly [N in keyof F]?: Read<F[N]> }
  }
}

/** A shape, and what else is to be true of what it has read: '' where all is well. */
export function checked<T>(shape: Shape<T>, problem: (read: T) => string): Shape<T> {
  return (value, faults) => {
    const before = faults.length
    const read = shape(value, faults)
    if (read === undefined || faults.length > before) return read
    const why = problem(read)
    return why === '' ? read : told(faults, value, why)
  }
}

function list(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(', ')
}
