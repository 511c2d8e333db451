/** The kind of field that holds whatever JSON can. */
import { problem } from '../../base/problem.ts'
import { type AnySchema, issuePath } from '../../base/standard-schema.ts'
import { ModelError } from '../errors.ts'
import { article, type Kind, type Parsed } from './kind.ts'

/** Why JSON cannot hold a value: `undefined`, functions, cycles, bigints. */
function typedJson(value: unknown): string | null {
  try {
    const text = JSON.stringify(value)
    // JSON writes NaN and infinity as null, which would come back as no value.
    if (text === undefined || (text === 'null' && value !== null)) return `${article(value)} cannot be written as JSON`
    return null
  } catch (error) {
    return (error as Error).message
  }
}

/** What a schema makes of a value, or why it refuses. @throws ModelError for a schema that answers later. */
function judged<T>(schema: AnySchema<T>, value: unknown): { value: T } | { why: string } {
  const result = schema['~standard'].validate(value)
  if (result instanceof Promise) {
    result.catch(() => {})
    throw new ModelError(
      `f.json: the schema (${schema['~standard'].vendor}) must be synchronous; it returned a promise`,
    )
  }
  const issue = result.issues?.[0]
  if (issue === undefined) return result as { value: T }
  const path = issuePath(issue)
  return { why: path === '' ? issue.message : `${path}: ${issue.message}` }
}

/**
 * Anything that JSON has and the schema lets pass. A form's value is what the schema makes of it, so a schema must take
 * what it gives. Rows that are in the database already are not checked when they are read.
 */
export function json<T>(schema: AnySchema<T> | null): Kind<T & {}> {
  return {
    name: 'json',
    params: {},
    stores: { type: 'json' },
    widget: { element: 'textarea', attributes: { spellcheck: 'false' } },
    parse(given): Parsed<T & {}> {
      let value = given
      if (typeof given === 'string') {
        try {
          value = JSON.parse(given)
        } catch (error) {
          return { error: problem('not-json', `This is not JSON: ${(error as Error).message}.`) }
        }
      }
      const made = schema === null ? { value } : judged(schema, value)
      const why = 'why' in made ? made.why : typedJson(made.value)
      return why === null ? { value: (made as { value: T & {} }).value } : { error: problem('schema', why) }
    },
    typed: typedJson,
    check(value) {
      const why = typedJson(value)
      if (why !== null || schema === null) return why
      const made = judged(schema, value)
      return 'why' in made ? made.why : null
    },
    format: (value) => JSON.stringify(value, null, 2),
  }
}
