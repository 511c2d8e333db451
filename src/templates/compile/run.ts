/** What one rendering carries along, and how names are found in it. */
import { find, MISSING } from './read.ts'

/** A variable that a template has made; the innermost first. */
export interface Binding {
  readonly name: string
  value: unknown
  readonly parent: Binding | null
}

/** Takes what stands before it and its arguments; those with names come as one object, the last argument. */
export type Filter = (value: never, ...args: never[]) => unknown

export interface Run {
  /** What has been rendered. */
  out: string
  scope: Binding | null
  data: object
  readonly globals: object
  /** Whether a name that does not exist is an error. */
  readonly strict: boolean
  /** How many includes and macros are open. */
  depth: number
}

/** Prints a part of a template. */
export type Render = (run: Run) => void

/** The value of a name: of the template's own variables, then of the data, then of the globals; MISSING when of none. */
export function resolve(run: Run, name: string): unknown {
  for (let binding = run.scope; binding !== null; binding = binding.parent) {
    if (binding.name === name) return binding.value
  }
  const value = find(run.data, name)
  return value === MISSING ? find(run.globals, name) : value
}

/** The names that a template can use, for a message about one that it cannot. */
export function names(run: Run): string[] {
  const known: string[] = []
  for (let binding = run.scope; binding !== null; binding = binding.parent) known.push(binding.name)
  return [...new Set([...known, ...Object.keys(run.data), ...Object.keys(run.globals)])]
}
