/**
 * Route patterns: `/posts/{id:int}/edit`. A segment is literal text with at most one parameter in it, so that a
 * segment is matched by comparing a prefix, a suffix, and one converter: no regular expression is built.
 */
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

/** What is wrong with a pattern or a route table: a mistake in the program. */
export class RouteError extends Error {
  override readonly name = 'RouteError'
}

/** A pattern that cannot stand beside another. */
export class RouteConflict extends RouteError {
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
  if (!source.startsWith('/')) fail('must begin with /')
  const seen = new Set<string>()
  const texts = source.slice(1).split('/')
  const segments = texts.map((text, i): Segment => {
    if (text === '' && i < texts.length - 1) fail('has an empty segment')
    if (!/[{}]/.test(text)) {
      if (text === '.' || text === '..' || /[%\\\0?#]/.test(text)) fail(`'${text}' cannot be matched: write it decoded`)
      return { prefix: text, parameter: null, suffix: '' }
    }
    const parts = PARAMETER.exec(text)
    if (parts === null) return fail(`'${text}' is not {name} or {name:kind} with text around it; one to a segment`)
    const [, prefix = '', name = '', kind = 'str', suffix = ''] = parts
    if (name === '__proto__') fail('a parameter cannot be called __proto__')
    if (seen.has(name)) fail(`has two parameters called ${name}`)
    seen.add(name)
    const converter = lookUp(kind, extra)
    if (converter === undefined) return fail(`no converter '${kind}'; there are ${names(extra)}`)
    if (converter.rest && (i < texts.length - 1 || prefix !== '' || suffix !== ''))
      fail(`{${name}:${kind}} takes the rest of the path: it must be the whole last segment`)
    return { prefix, parameter: { name, kind, converter }, suffix }
  })
  return { source, segments, static: seen.size === 0 }
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
      throw new RouteError(`'${pattern.source}' needs ${name}`)
    const text = converter.text(params[name])
    if (text === undefined)
      throw new RouteError(`'${pattern.source}': ${name} = ${show(params[name])} does not fit {${name}:${kind}}`)
    path += converter.rest ? text.split('/').map(encodeSegment).join('/') : encodeSegment(text)
    path += encodeSegment(suffix)
  }
  return path
}

function show(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 80)) : String(value).slice(0, 80)
}
