/** Cuts a template into text, outputs `{{ }}` and tags `{% %}`; comments `{# #}` and raw parts end here. */
import { type Source, TemplateError } from '../errors.ts'
import type { TemplateLimits } from '../limits.ts'

export interface Part {
  readonly type: 'text' | 'output' | 'tag'
  /** The text, or what stands between the marks. */
  readonly text: string
  /** Where `text` begins in the source. */
  readonly at: number
}

const CLOSE: { readonly [open: string]: string } = { '{{': '}}', '{%': '%}', '{#': '#}' }
const TYPE: { readonly [open: string]: 'output' | 'tag' } = { '{{': 'output', '{%': 'tag' }

/** @throws TemplateError where a mark is not closed. */
export function lex(source: Source, limits: TemplateLimits): Part[] {
  const { text } = source
  if (text.length > limits.source)
    throw new TemplateError(`The template is longer than ${limits.source} characters`, source, 0, 'TEMPLATE_LIMIT')
  const parts: Part[] = []
  let at = 0
  let trim = false // whether the mark before ended in `-}}`: the white space that follows goes
  while (at < text.length) {
    const open = nextOpen(text, at)
    const start = open === -1 ? text.length : open
    const mark = text.slice(start, start + 2)
    pushText(parts, text, at, start, trim, text[start + 2] === '-' && open !== -1)
    if (open === -1) break
    const close = closing(text, start, mark)
    if (close === -1) throw new TemplateError(`${mark} is not closed: ${CLOSE[mark]} is missing`, source, start)
    const inner = insides(text, start, close)
    trim = text[close - 1] === '-'
    at = close + 2
    const type = TYPE[mark]
    if (type === undefined) continue
    const raw = type === 'tag' && /^\s*(raw|verbatim)\s*$/.exec(inner.text)
    if (raw) {
      ;({ at, trim } = rawText(source, parts, at, raw[1]!, trim, start))
    } else {
      parts.push({ type, ...inner })
    }
  }
  return parts
}

function nextOpen(text: string, from: number): number {
  for (let at = text.indexOf('{', from); at !== -1; at = text.indexOf('{', at + 1)) {
    if (text.slice(at, at + 2) in CLOSE) return at
  }
  return -1
}

/** Where the closing mark begins. One inside a string (`{{ "}}" }}`) does not close. */
function closing(text: string, start: number, mark: string): number {
  const close = CLOSE[mark]!
  if (mark === '{#') return text.indexOf(close, start + 2)
  let quote = ''
  let braces = 0 // of dictionaries: `{{ {'a': {'b': 1}} }}`
  for (let at = start + 2; at < text.length; at++) {
    const char = text[at]!
    if (quote) {
      if (char === '\\') at++
      else if (char === quote) quote = ''
    } else if (char === '"' || char === "'") quote = char
    else if (char === close[0] && text[at + 1] === close[1] && braces === 0) return at
    else if (char === '{') braces++
    else if (char === '}' && braces > 0) braces--
  }
  return -1
}

function insides(text: string, start: number, close: number): { text: string; at: number } {
  const from = start + 2 + (text[start + 2] === '-' || text[start + 2] === '+' ? 1 : 0)
  const to = text[close - 1] === '-' && close - 1 >= from ? close - 1 : close
  return { text: text.slice(from, to), at: from }
}

function pushText(parts: Part[], text: string, from: number, to: number, trimStart: boolean, trimEnd: boolean): void {
  let piece = text.slice(from, to)
  if (trimEnd) piece = piece.trimEnd()
  const shown = trimStart ? piece.trimStart() : piece
  if (shown !== '') parts.push({ type: 'text', text: shown, at: from + piece.length - shown.length })
}

function rawText(source: Source, parts: Part[], from: number, word: string, trim: boolean, start: number) {
  const end = new RegExp(`\\{%(-?)\\s*end${word}\\s*(-?)%\\}`, 'g')
  end.lastIndex = from
  const found = end.exec(source.text)
  if (!found) throw new TemplateError(`{% ${word} %} is not closed: {% end${word} %} is missing`, source, start)
  pushText(parts, source.text, from, found.index, trim, found[1] === '-')
  return { at: found.index + found[0].length, trim: found[2] === '-' }
}
