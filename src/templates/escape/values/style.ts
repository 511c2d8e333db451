/** Values in CSS. */

/** What stands where a value could have been more than one value of CSS. */
export const BLOCKED_CSS = 'unset'

/** Functions that make a value out of values: they fetch nothing and run nothing. */
const FUNCTIONS = new Set(
  (
    'rgb rgba hsl hsla hwb lab lch oklab oklch color color-mix light-dark calc min max clamp round mod rem abs sign sin ' +
    'cos tan asin acos atan atan2 pow sqrt hypot log exp var env counter counters translate translatex translatey ' +
    'translatez translate3d scale scalex scaley scalez scale3d rotate rotatex rotatey rotatez rotate3d skew skewx skewy ' +
    'matrix matrix3d perspective cubic-bezier steps linear linear-gradient radial-gradient conic-gradient ' +
    'repeating-linear-gradient repeating-radial-gradient repeating-conic-gradient blur brightness contrast drop-shadow ' +
    'grayscale hue-rotate invert opacity saturate sepia repeat minmax fit-content circle ellipse inset polygon rect xywh'
  ).split(' '),
)

/**
 * One word of a value: a string, a name with the parenthesis that makes it a function, a number with its unit, a hash, or
 * a mark. A name has no escapes, and begins no comment of HTML.
 */
const PART =
  /\s+|"[^"\\\n\r\f]*"|'[^'\\\n\r\f]*'|(?<name>(?:-(?!-))?[\p{L}_][\p{L}\p{N}_-]*)(?<call>\()?|(?<custom>--[\p{L}\p{N}_-]+)|#[\p{L}\p{N}_-]+|[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?:%|(?!-)[\p{L}_-]+)?|[(),/*+-]/uy

/**
 * A value in CSS code: numbers with units, words, colours, strings, lists, functions of values; nothing that fetches, ends
 * or begins anything. Null for anything else.
 */
export function cssValue(text: string): string | null {
  const value = text.trim()
  if (/^[\p{L}\p{N} .%#]*$/u.test(value)) return value
  let depth = 0
  const functions: string[] = []
  let shown = ''
  for (let at = 0; at < value.length; ) {
    PART.lastIndex = at
    const match = PART.exec(value)
    if (!match) return null
    const [part] = match
    const { name, call, custom } = match.groups as { name?: string; call?: string; custom?: string }
    at += part.length
    if (call !== undefined) {
      if (!FUNCTIONS.has(name!.toLowerCase())) return null
      functions[depth++] = name!.toLowerCase()
    } else if (part === '(') {
      if (depth === 0) return null
      functions[depth++] = ''
    } else if (part === ')') {
      if (--depth < 0) return null
    } else if (custom !== undefined) {
      if (functions[depth - 1] !== 'var') return null
    } else if (/^[*/+-]$/.test(part) && !operates(value, at, depth)) return null
    const quoted = part.startsWith('"') || part.startsWith("'")
    shown += quoted ? `"${escapeCssString(part.slice(1, -1))}"` : part
  }
  return depth === 0 ? shown : null
}

/** Whether the operator before `at` stands between two operands, and makes no comment and no sign with a neighbour. */
function operates(value: string, at: number, depth: number): boolean {
  const operator = value[at - 1]!
  const [before = '', behind = ''] = [value[at - 2], value[at]]
  if (operator === '+' || operator === '-') return depth > 0 && /\s/.test(before) && /\s/.test(behind)
  if (operator === '*' && depth === 0) return false
  return /[\s\p{L}\p{N}%)]/u.test(before) && /[\s\p{L}\p{N}.(]/u.test(behind)
}

/** Text inside a CSS string. */
export function escapeCssString(text: string): string {
  return text.replace(/[^\p{L}\p{N} .,_-]/gu, (char) => `\\${char.codePointAt(0)!.toString(16)} `)
}

/** CSS that somebody vouches for may say what it likes, but not where the element ends. */
export function withoutEnd(css: string): string {
  return css.replace(/<(?=\/|!)/g, '\\3c ')
}
