/** Limits of the template engine: a mistake in a template ends with a message, not with the stack or the memory. */

/** Each can be set: `new Templates(loader, { limits: { depth: 80 } })`. */
export interface TemplateLimits {
  /** Longest template source, in UTF-16 units. */
  readonly source: number
  /** Longest name of a template, in UTF-16 units. */
  readonly name: number
  /** Deepest nesting of tags (`if` in `for` in `block` …) in one file. */
  readonly nesting: number
  /** Deepest nesting of one expression: parentheses, arguments, lists. */
  readonly expressionDepth: number
  /** Most words in one `{{ }}` or `{% %}`. */
  readonly words: number
  /** Deepest chain of templates that include or call each other while one is rendered. */
  readonly depth: number
  /** Most parts compiled for one template with its layouts. */
  readonly parts: number
  /** Most numbers that `range()` gives. */
  readonly range: number
  /** Most templates, and pairs of template and HTML context, kept compiled. */
  readonly units: number
  /** Most formats and zones of dates kept prepared. */
  readonly dateFormats: number
}

/** What an engine keeps to unless it is told otherwise. */
export const TEMPLATE_LIMITS: TemplateLimits = Object.freeze({
  // A template is written by hand.
  source: 1_000_000,
  // Names of files are no longer on common systems.
  name: 255,
  // The parser works by recursion.
  nesting: 100,
  expressionDepth: 100,
  // A chain of operators is evaluated by as deep a recursion.
  words: 2_000,
  // A tree of comments may recurse; a circle of includes may not.
  depth: 50,
  // Loops in loops whose context changes are compiled again.
  parts: 100_000,
  // A loop is as long as data, and `range(1e9)` is no data.
  range: 10_000,
  // Names of includes may come from data.
  units: 10_000,
  // Formats are written in templates, but may come from data.
  dateFormats: 500,
})
