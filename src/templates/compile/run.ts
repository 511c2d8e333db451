/** What one rendering carries along, and how names are found in it. */

import type { Source } from '../errors.ts'
import type { Replacement } from '../events.ts'
import { find, MISSING } from './read.ts'

/** A variable that a template has made; the innermost first. */
export interface Binding {
  readonly name: string
  value: unknown
  readonly parent: Binding | null
}

/**
 * Takes what stands before it and its arguments; those with names come as one object, the last argument. It may give a
 * promise where the template is rendered by `renderAsync`. What it gives is text, escaped where it is printed; for what
 * is more than text there are `safe`, `safeUrl`, `safeCss`, `safeScript` and `safeSrcset`.
 */
export type Filter = (value: never, ...args: never[]) => unknown

/** Where in which template something is. */
export interface Place {
  readonly source: Source
  readonly at: number
}

/** How the expressions of one rendering wait for what is not there yet (`compile/waiting.ts`). */
export interface Waits {
  /** Whether an expression is being evaluated: what is rendered meanwhile (by a macro) is part of it. */
  readonly busy: boolean
  /** Whether an earlier attempt has found what is asked for next: then that is taken, and nothing looked up or called. */
  readonly replays: boolean
  replay(): unknown
  /** Keeps what was found for later attempts; ends this one when it is not there yet. */
  keep(found: unknown, place: Place): unknown
  /** Evaluates, as often as it takes, and goes on with the value. */
  evaluate<T>(run: Run, evaluate: (run: Run) => T, then: (run: Run, value: T) => Rendered): Rendered
}

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
  /** Null where the template is rendered at once. */
  readonly waits: Waits | null
  /** Told of every value that is not printed as it is, if anybody asks. */
  readonly watch: ((replacement: Replacement) => void) | null
}

/** Nothing where a part was rendered at once. */
export type Rendered = Promise<void> | undefined

/** Prints a part of a template. */
export type Render = (run: Run) => Rendered

/** Computes the value of an expression. */
export type Evaluate = (run: Run) => unknown

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
