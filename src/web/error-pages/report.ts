/** All that is known of an error and of the request that met it, as plain values: what the explaining page shows. */

import { formatDuration } from '../../base/clock.ts'
import type { RecordingLog } from '../../base/events.ts'
import type { TemplateError } from '../../templates/errors.ts'
import type { AnyWebEvent } from '../events.ts'
import { type Context, turnOf } from '../request/context.ts'
import { type Excerpt, excerptOfFile, type Frame, framesOf } from './frames.ts'
import { redact, redactQuery, redactText } from './redaction.ts'

export interface ErrorReport {
  /** The error and its causes, outermost first. */
  readonly chain: readonly Cause[]
  readonly request: readonly (readonly [name: string, value: string])[]
  readonly fields: readonly (readonly [name: string, value: string])[]
  readonly sql: readonly { readonly text: string; readonly duration: string; readonly rows: number }[]
  readonly templates: readonly { readonly name: string; readonly duration: string }[]
}

export interface Cause {
  readonly name: string
  readonly message: string
  /** Where in a template, when it is an error of one. */
  readonly place: Place | null
  readonly frames: readonly Frame[]
}

export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly excerpt: Excerpt | null
  /** The lines as the error shows them, where there is no file to read. */
  readonly text: string
}

/** Causes that are followed: an error may be its own cause. */
const CAUSES = 8

export function describe(c: Context<never, never>, error: unknown, record: RecordingLog | null): ErrorReport {
  const { secrets } = turnOf(c).services.sessions
  const chain: Cause[] = []
  for (let one = error, i = 0; one !== undefined && i < CAUSES; i++) {
    chain.push(causeOf(one, secrets))
    one = one instanceof Error ? one.cause : undefined
  }
  const { exchange } = c
  const fields: [string, string][] = []
  const lines = exchange.fields()
  for (let i = 0; i + 1 < lines.length; i += 2) fields.push([lines[i]!, redact(lines[i]!, lines[i + 1]!)])
  const params = Object.entries((c.params ?? {}) as object).map(
    ([name, value]) => `${name} = ${redact(name, String(value))}`,
  )
  const request: [string, string][] = [
    ['Method', exchange.method],
    ['Path', exchange.path],
    ['Query', redactQuery(exchange.query)],
    ['Route', c.route === '' ? '(none)' : c.route],
    ['Parameters', params.join(', ')],
    ['Host', exchange.authority],
    ['From', exchange.remote.path ?? exchange.remote.address],
  ]
  return { chain, request: request.filter(([, value]) => value !== ''), fields, ...recorded(record) }
}

function recorded(record: RecordingLog | null): Pick<ErrorReport, 'sql' | 'templates'> {
  const events = (record?.events ?? []) as unknown as readonly AnyWebEvent[]
  const sql = events.flatMap((event) =>
    event.type === 'models.sql'
      ? [{ text: event.sql, duration: formatDuration(event.duration), rows: event.rows }]
      : [],
  )
  const templates = events.flatMap((event) =>
    event.type === 'templates.rendered' ? [{ name: event.template, duration: formatDuration(event.duration) }] : [],
  )
  return { sql, templates }
}

function causeOf(error: unknown, secrets: readonly string[]): Cause {
  if (!(error instanceof Error))
    return { name: 'Thrown value', message: redactText(shown(error), secrets), place: null, frames: [] }
  const message = redactText(error.message, secrets)
  return { name: error.name, message, place: placeOf(error), frames: framesOf(error.stack ?? '') }
}

/** Errors of templates say where in which template, and show the lines. */
function placeOf(error: Error): Place | null {
  const { template, path, line, column, excerpt } = error as Partial<TemplateError>
  if (typeof template !== 'string' || typeof line !== 'number' || typeof column !== 'number') return null
  const around = path === undefined ? null : excerptOfFile(path, line)
  return { file: path ?? template, line, column, excerpt: around, text: excerpt ?? '' }
}

function shown(value: unknown): string {
  try {
    return typeof value === 'object' ? JSON.stringify(value) : String(value)
  } catch {
    return Object.prototype.toString.call(value)
  }
}
