/** Limits of the template engine: a mistake in a template ends with a message, not with the stack or the memory. */

/** Each can be set: `new Templates(folder, { limits: { depth: 80 } })`. */
export const TEMPLATE_LIMITS = {
  /** Longest template source, in UTF-16 units: a template is written by hand. */
  source: 1_000_000,
  /** Deepest nesting of tags (`if` in `for` in `block` …) in one file: the parser works by recursion. */
  nesting: 100,
  /** Deepest nesting of one expression: parentheses, arguments, lists. */
  expressionDepth: 100,
  /** Most words in one `{{ }}` or `{% %}`: a chain of operators is evaluated by as deep a recursion. */
  words: 2_000,
  /** Deepest chain of templates that include or call each other while one is rendered: a tree of comments may recurse. */
  depth: 50,
  /** Most parts compiled for one template with its layouts: loops in loops whose context changes are compiled again. */
  parts: 100_000,
  /** Most numbers that `range()` gives: a loop is as long as data, and `range(1e9)` is no data. */
  range: 10_000,
  /** Most templates, and pairs of template and HTML context, kept compiled: names of includes may come from data. */
  units: 10_000,
}

export type TemplateLimits = Readonly<typeof TEMPLATE_LIMITS>
