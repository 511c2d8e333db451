/**
 * Route patterns: `/posts/{id:int}/edit`. A segment is literal text with at most one parameter in it, so that a
 * segment is matched by comparing a prefix, a suffix, and one converter: no regular expression is built.
 */
import { RouteError } from '../errors.ts'
import { type Converter, type Converters, type ConverterValue, converters } from './converter.ts'
import { encodeSegment } from './path.ts'

/** Whether the parameter stands at the start of the pattern's next piece: the types of `ParamsOf`. */
type Parameter<Text extends string, C> = Text extends `${infer Name}:${infer Kind}`
  ? { readonly [K in Name]: ConverterValue<Kind, C> }
  : { readonly [K in Text]: string }

type Found<Pattern extends string, C> = Pattern extends `${string}{${infer Text}}${infer Rest}`
  ? Parameter<Text, C> & Found<Rest, C>
  : unknown

/** The parameters of a pattern literal: `{ slug: string; id: number }`. */
export type ParamsOf<Pattern extends string, C = unknown> = string extends Pattern
  ? Readonly<Record<string, unknown>>
  : { [K in keyof Found<Pattern, C>]: Found<Pattern, C>[K] }

export interface PatternParameter {
  readonly name: string
  /** The converter's name, for messages and for telling two apart. */
  readonly kind: string
  readonly converter: Converter
}

export interface Segment {
  /** The literal text before the parameter; the whole segment when there is none. Decoded. */
  readonly prefix: string
  readonly parameter: PatternParameter | null
  readonly suffix: string
}

export interface Pattern {
  readonly source: string
  readonly segments: readonly Segment[]
  /** Whether there is no parameter. */
  readonly static: boolean
}

/** A pattern that cannot stand beside another. */
export class RouteConflict extends RouteError {
  override readonly name = 'RouteConflict'
  /** The one that was there before. */
  readonly other: Pattern

  constructor(message: string, other: Pattern) {
    super(message)
    this.other = other
  }
}

const PARAMETER = /^([^{}]*)\{([A-Za-z_][A-Za-z0-9_]*)(?::([A-Za-z_][A-Za-z0-9_]*))?\}([^{}]*)$/

/** @throws RouteError with the pattern and what is wrong with it. */
export function parsePattern(source: string, extra: Converters = {}): Pattern {
  const fail = (why: string): never => {
    throw new RouteError(`pattern '${source}': ${why}`)
  }
  if (!source.startsWith('/')) fail('it must begin with /')
  const seen = new Set<string>()
  const texts = source.slice(1).split('/')
  const segments = texts.map((text, i): Segment => {
    const last = i === texts.length - 1
    if (text === '' && !last) fail('it has an empty segment')
    const foreign = foreignSpelling(text, last)
    if (foreign !== null) fail(foreign)
    if (!/[{}]/.test(text)) {
      if (text === '.' || text === '..' || /[%\\\0?#]/.test(text))
        fail(`the segment '${text}' can never match: write it decoded, without . .. % \\ ? #`)
      return { prefix: text, parameter: null, suffix: '' }
    }
    const parts = PARAMETER.exec(text)
    if (parts === null)
      return fail(
        `the segment '${text}' must be text, or {name} or {name:kind} with text around it; one parameter each`,
      )
    const [, prefix = '', name = '', kind = 'str', suffix = ''] = parts
    if (name === '__proto__') fail('a parameter cannot be named __proto__')
    if (seen.has(name)) fail(`it has two parameters named ${name}`)
    seen.add(name)
    const converter = lookUp(kind, extra)
    if (converter === undefined) return fail(`there is no converter '${kind}': there are ${names(extra)}`)
    if (converter.rest && (!last || prefix !== '' || suffix !== ''))
      fail(`{${name}:${kind}} takes the rest of the path: it must be the whole last segment`)
    return { prefix, parameter: { name, kind, converter }, suffix }
  })
  return { source, segments, static: seen.size === 0 }
}

/**
 * What a segment of another framework's pattern would do here: match as it is written, and so never what was meant. The
 * advice has the spelling of the same thing; null for all other segments.
 */
function foreignSpelling(text: string, last: boolean): string | null {
  const parameter = /^(?::|\[)([A-Za-z_]\w*)(?:\([^)]*\))?\]?([?+*])?$/.exec(text)
  if (parameter !== null) {
    const [, name = '', many = ''] = parameter
    if (many === '?') return `'${text}' would be matched as written: register a second pattern without {${name}}`
    const same = many === '' ? `{${name}}` : `{${name}:path}`
    return `'${text}' would be matched as written: write ${same}`
  }
  if (/(?:^|[-.~@]):[A-Za-z_]\w*/.test(text))
    return `'${text}' would be matched as written: a parameter is written {name}, also with text around it: '{name}.json'`
  if (/^\[\.\.\.(\w+)\]$/.test(text)) return `'${text}' would be matched as written: write {path:path}`
  if (/^\*{1,2}|^\*\w+$/.test(text))
    return `'${text}' would be matched as written: write ${last ? '{rest:path} for the rest of the path, or {name} for one segment' : '{name} for any one segment'}`
  if (/^<(?:(\w+):)?(\w+)>$/.test(text))
    return `'${text}' would be matched as written: a parameter is written {name} or {name:int}`
  if (/^\(.*[|?*+\\].*\)$/.test(text))
    return `'${text}' would be matched as written: patterns have no regular expressions; use a converter ({name:int}, or one of your own)`
  return null
}

function lookUp(kind: string, extra: Converters): Converter | undefined {
  if (Object.hasOwn(extra, kind)) return extra[kind] as Converter
  return Object.hasOwn(converters, kind) ? ((converters as Converters)[kind] as Converter) : undefined
}

function names(extra: Converters): string {
  return [...new Set([...Object.keys(converters), ...Object.keys(extra)])].join(', ')
}

/**
 * The path of a pattern with its parameters filled in, percent-encoded.
 * @throws RouteError when a value is missing or would not match the pattern.
 */
export function reversePattern(pattern: Pattern, params: Readonly<Record<string, unknown>>): string {
  let path = ''
  for (const { prefix, parameter, suffix } of pattern.segments) {
    path += `/${encodeSegment(prefix)}`
    if (parameter === null) continue
    const { name, kind, converter } = parameter
    if (!Object.hasOwn(params, name) || params[name] === undefined)
      throw new RouteError(`the address of '${pattern.source}' needs a value for ${name}`)
    const text = converter.text(params[name])
    if (text === undefined)
      throw new RouteError(
        `the address of '${pattern.source}': ${name} = ${show(params[name])} does not fit {${name}:${kind}}`,
      )
    path += converter.rest ? text.split('/').map(encodeSegment).join('/') : encodeSegment(text)
    path += encodeSegment(suffix)
  }
  return path
}

function show(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 80)) : String(value).slice(0, 80)
}
