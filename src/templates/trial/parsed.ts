/** What a parser of JavaScript says of a script: in what kind of token each place is. */
import { Script } from 'node:vm'
import { parseSync } from '@swc/core'
import { type Comment, parse, type Token, tokenizer } from 'acorn'
import { JS_START, jsNext } from '../escape/content/js-state.ts'

export type Kind = 'code' | 'string' | 'template' | 'regex' | 'comment'

/** By position between two characters; null where the parser takes the one before to be part of a mark of two. */
export function parsedKinds(script: string): (Kind | null)[] | null {
  for (const sourceType of ['script', 'module'] as const) {
    const comments: Comment[] = []
    const tokens: Token[] = []
    try {
      parse(script, {
        ecmaVersion: 'latest',
        sourceType,
        onComment: comments,
        onToken: tokens,
        allowAwaitOutsideFunction: true,
      })
      // A second opinion: acorn takes a keyword behind ?. and a name `of` for what they are not.
      if (sourceType === 'script') new Script(script)
      else parseSync(script, { syntax: 'ecmascript', target: 'esnext' })
    } catch {
      continue
    }
    const kinds: (Kind | null)[] = Array.from({ length: script.length + 1 }, () => 'code')
    for (const { start, end, type } of tokens) {
      if (type.label === 'string') kinds.fill('string', start + 1, end)
      if (type.label === 'template') kinds.fill('template', start, end + 1)
      if (type.label === '${') kinds[start + 1] = null
      if (type.label !== 'regexp') continue
      kinds[start + 1] = null
      kinds.fill('regex', start + 2, script.lastIndexOf('/', end - 1) + 1)
    }
    for (const { start, end, type } of comments) {
      // Marks of two characters, and of HTML's comments in scripts of up to four.
      kinds.fill(null, start + 1, script[start] === '/' ? start + 2 : start + 4)
      kinds.fill('comment', script[start] === '/' ? start + 2 : start + 4, type === 'Line' ? end + 1 : end)
    }
    return kinds
  }
  return null
}

const UNTERMINATED: { readonly [message: string]: Kind } = {
  'string constant': 'string',
  template: 'template',
  comment: 'comment',
  'regular expression': 'regex',
}

/** In what kind of token a script stops, by its tokens alone; null where that takes a parser. */
export function kindAtEnd(script: string): Kind | null {
  if (script.includes('/')) return null
  try {
    for (const _ of tokenizer(script, { ecmaVersion: 'latest' }));
    return /`|<!--|-->/.test(script) ? null : 'code'
  } catch (error) {
    const what = /^Unterminated ([a-z ]+) \(/.exec(String((error as Error).message))?.[1]
    return what === undefined ? null : (UNTERMINATED[what] ?? null)
  }
}

const READ: { readonly [mode in (typeof JS_START)['mode']]: Kind } = {
  code: 'code',
  double: 'string',
  single: 'string',
  template: 'template',
  tagged: 'template',
  regex: 'regex',
  class: 'regex',
  line: 'comment',
  block: 'comment',
}

/** The first position of which our reading and the parser's differ, in words; null when there is none. */
export function difference(
  script: string,
  kinds: readonly (Kind | null)[],
): { readonly refused: boolean; readonly at: string | null } {
  let state = JS_START
  for (let i = 0; i < script.length; i++) {
    const next = jsNext(state, script[i]!)
    if (typeof next === 'string') return { refused: true, at: null }
    state = next
    const expected = kinds[i + 1]
    if (expected === null || expected === READ[state.mode]) continue
    return {
      refused: false,
      at: `${script.slice(0, i + 1)}⟨${READ[state.mode]}, and it is ${expected}⟩${script.slice(i + 1)}`,
    }
  }
  return { refused: false, at: null }
}
