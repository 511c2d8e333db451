/** Limits of the template engine: a mistake in a template ends with a message, not with the stack or the memory. */

/** Deepest nesting of tags (`if` in `for` in `block` …) in one file: the parser works by recursion. */
export const MAX_NESTING = 100
/** Deepest nesting of one expression: parentheses, filters, operators. */
export const MAX_EXPRESSION_DEPTH = 100
/** Most words in one `{{ }}` or `{% %}`: a chain of operators is evaluated by as deep a recursion. */
export const MAX_TOKENS = 2_000
/** Deepest chain of templates that include, extend or call each other while one is rendered: a tree of comments may recurse. */
export const MAX_DEPTH = 50
/** Longest template source, in UTF-16 units: a template is written by hand. */
export const MAX_SOURCE = 1_000_000
/** Most parts compiled for one template with its layouts: loops in loops whose context changes are compiled again. */
export const MAX_COMPILED = 100_000
/** Most numbers that `range()` gives: a loop is as long as data, and `range(1e9)` is no data. */
export const MAX_RANGE = 10_000
/** Most pairs of template and HTML context compiled for one engine: each `include` in a new context makes one. */
export const MAX_UNITS = 10_000
