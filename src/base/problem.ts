/** What is wrong with something that a person or a program gave, as data: worded when it is shown. */

export interface Problem {
  /** What kind of problem, for programs and for translations: `required`, `too-long`, `taken`. */
  readonly code: string
  /** What its words speak of: `{ max: 80 }`. */
  readonly values: Readonly<Record<string, string | number>>
  /** Its words in English, complete. */
  readonly text: string
}

/** A problem as a value. */
export function problem(code: string, text: string, values: Problem['values'] = {}): Problem {
  return { code, values, text }
}
