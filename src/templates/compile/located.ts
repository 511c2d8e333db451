/** Errors of data, filters and functions, with the place in the template where they came up. */
import { type Source, TemplateError } from '../errors.ts'
import { Unprintable } from '../escape/values/print.ts'

/** An error with the place in the template where it came up; one that has a place keeps it. */
export function located(error: unknown, prefix: string, source: Source, at: number): Error {
  if (error instanceof TemplateError) return error
  const message = error instanceof Error ? error.message : String(error)
  const cause = error instanceof Unprintable ? undefined : error
  return new TemplateError(prefix + message, source, at, 'TEMPLATE_RENDER', cause)
}
