/** Makes the tree of a template out of its parts. */
import { type Source, TemplateError, type TemplateErrorCode } from '../errors.ts'
import type { TemplateLimits } from '../limits.ts'
import type { Block, Branch, Document, Expr, Macro, Node } from './ast.ts'
import { parseExpression, parsePair } from './expression.ts'
import { lex, type Part } from './lexer.ts'
import { Tokens } from './tokens.ts'

/** What other engines have and this one does not, with what to write instead. */
const INSTEAD: { readonly [tag: string]: string } = {
  autoescape: 'escaping is always on; mark HTML with the filter safe',
  load: 'filters and functions are given to the engine, there is nothing to load',
  csrf_token: 'write {{ csrf }}',
  url: "write {{ url('name', key=value) }}",
  static: 'write the path, or a function of the site',
  import: 'put the macro in the same file, or use include',
  from: 'put the macro in the same file, or use include',
  comment: 'write {# … #}',
}

/** @throws TemplateError with the place of the first mistake. */
export function parse(source: Source, limits: TemplateLimits): Document {
  return new Parser(source, limits).document()
}

class Parser {
  readonly #source: Source
  readonly #limits: TemplateLimits
  readonly #parts: Part[]
  readonly #blocks = new Map<string, Block>()
  readonly #macros = new Map<string, Macro | null>()
  #next = 0
  #depth = 0
  #parent: Document['parent'] = null
  /** The tag that ended the last body, its reader behind its name. */
  #ending: { name: string; tokens: Tokens; at: number } | null = null

  constructor(source: Source, limits: TemplateLimits) {
    this.#source = source
    this.#limits = limits
    this.#parts = lex(source, limits)
  }

  document(): Document {
    const nodes = this.#body([], '', 0)
    return { source: this.#source, parent: this.#parent, nodes, blocks: this.#blocks, macros: this.#macros }
  }

  /** Nodes up to one of the tags `ends`; the end of the file when there are none. */
  #body(ends: readonly string[], tag: string, opened: number): Node[] {
    if (++this.#depth > this.#limits.nesting)
      throw this.#error(`Tags are nested deeper than ${this.#limits.nesting}`, opened, 'TEMPLATE_LIMIT')
    const nodes: Node[] = []
    for (let part = this.#parts[this.#next]; part; part = this.#parts[this.#next]) {
      this.#next++
      if (part.type === 'text') nodes.push(part as Node)
      else {
        const tokens = new Tokens(this.#source, part.text, part.at, this.#limits)
        if (part.type === 'output') nodes.push(output(tokens))
        else {
          const { at } = tokens.token
          const name = tokens.name('The name of a tag')
          if (ends.includes(name)) {
            this.#ending = { name, tokens, at }
            this.#depth--
            return nodes
          }
          const node = this.#tag(name, tokens, at)
          if (node) nodes.push(node)
        }
      }
    }
    if (ends.length > 0) throw this.#error(`{% ${tag} %} is not closed: {% end${tag} %} is missing`, opened)
    this.#depth--
    return nodes
  }

  #tag(name: string, tokens: Tokens, at: number): Node | null {
    switch (name) {
      case 'if':
        return this.#if(tokens, at)
      case 'for':
        return this.#for(tokens, at)
      case 'block':
        return this.#block(tokens, at)
      case 'with':
        return this.#with(tokens, at)
      case 'macro':
        return this.#macro(tokens, at)
      case 'include':
        return include(tokens, at)
      case 'set': {
        const [variable, value] = parsePair(tokens)
        tokens.end()
        return { type: 'set', name: variable, value, at }
      }
      case 'extends':
        return this.#extends(tokens, at)
    }
    if (/^(end\w*|else|elif)$/.test(name)) throw this.#error(`{% ${name} %} has no tag that it could belong to`, at)
    const instead = INSTEAD[name]
    throw this.#error(`There is no tag ${name}${instead ? `: ${instead}` : ''}`, at)
  }

  #extends(tokens: Tokens, at: number): null {
    if (this.#parent) throw this.#error('A template extends one other at most', at)
    if (this.#depth > 1) throw this.#error('{% extends %} stands outside all other tags', at)
    this.#parent = { name: tokens.string('The name of a template'), at }
    tokens.end()
    return null
  }

  #if(tokens: Tokens, at: number): Node {
    const branches: Branch[] = []
    let test: Expr | null = parseExpression(tokens)
    let from = at
    tokens.end()
    for (;;) {
      const body = this.#body(test ? ['elif', 'else', 'endif'] : ['endif'], 'if', at)
      branches.push({ test, body, at: from })
      const ending = this.#ending!
      from = ending.at
      test = ending.name === 'elif' ? parseExpression(ending.tokens) : null
      ending.tokens.end()
      if (ending.name === 'endif') return { type: 'if', branches, at }
    }
  }

  #for(tokens: Tokens, at: number): Node {
    const names = [tokens.name('The name of the loop variable')]
    while (tokens.accept(',')) names.push(tokens.name('The name of a loop variable'))
    tokens.expect('in', 'after the loop variable')
    const list = parseExpression(tokens)
    tokens.end()
    const body = this.#body(['else', 'empty', 'endfor'], 'for', at)
    const hasElse = this.#ending!.name !== 'endfor'
    this.#ending!.tokens.end()
    const otherwise = hasElse ? this.#body(['endfor'], 'for', at) : []
    this.#ending!.tokens.end()
    return { type: 'for', names, list, body, otherwise, at }
  }

  #block(tokens: Tokens, at: number): Node {
    const name = tokens.name('The name of a block')
    tokens.end()
    if (this.#blocks.has(name)) throw this.#error(`There is another block ${name} in this file`, at)
    this.#blocks.set(name, { type: 'block', name, body: [], at }) // so that one inside itself is noticed
    const block: Block = { type: 'block', name, body: this.#body(['endblock'], 'block', at), at }
    const { tokens: end } = this.#ending!
    if (end.token.type === 'name' && !end.accept(name)) {
      throw end.error(`{% endblock ${end.token.text} %} closes the block ${name}`)
    }
    end.end()
    this.#blocks.set(name, block)
    return block
  }

  #with(tokens: Tokens, at: number): Node {
    const pairs = parsePairs(tokens)
    if (pairs.length === 0) throw this.#error('{% with %} names nothing: write {% with name=value %}', at)
    tokens.end()
    const body = this.#body(['endwith'], 'with', at)
    this.#ending!.tokens.end()
    return { type: 'with', pairs, body, at }
  }

  #macro(tokens: Tokens, at: number): Macro {
    const name = tokens.name('The name of a macro')
    tokens.expect('(', 'after the name of a macro')
    const params: (readonly [string, Expr | null])[] = []
    while (!tokens.accept(')')) {
      const param = tokens.name('The name of a parameter')
      params.push([param, tokens.accept('=') ? parseExpression(tokens) : null])
      if (tokens.accept(')')) break
      tokens.expect(',', 'between parameters')
    }
    tokens.end()
    const body = this.#body(['endmacro'], 'macro', at)
    const macro: Macro = { type: 'macro', name, params, body, at }
    this.#macros.set(name, this.#macros.has(name) ? null : macro)
    return macro
  }

  #error(problem: string, at: number, code: TemplateErrorCode = 'TEMPLATE_SYNTAX'): TemplateError {
    return new TemplateError(problem, this.#source, at, code)
  }
}

function output(tokens: Tokens): Node {
  const { at } = tokens.token
  const expr = parseExpression(tokens)
  tokens.end()
  const isSuper =
    (expr.type === 'call' && expr.name === 'super') ||
    (expr.type === 'member' &&
      expr.object.type === 'name' &&
      expr.object.name === 'block' &&
      expr.key.type === 'literal' &&
      expr.key.value === 'super')
  return isSuper ? { type: 'super', at } : { type: 'output', expr, at }
}

/** `"card.html"`, `"card.html" with post=p, wide=true only`. */
function include(tokens: Tokens, at: number): Node {
  const name = parseExpression(tokens)
  const pairs = tokens.accept('with') ? parsePairs(tokens) : []
  const only = tokens.accept('only')
  tokens.end()
  return { type: 'include', name, pairs, only, at }
}

/** `a=1 b=2`, with or without commas. */
function parsePairs(tokens: Tokens): (readonly [string, Expr])[] {
  const pairs: (readonly [string, Expr])[] = []
  while (tokens.token.type === 'name' && tokens.token.text !== 'only') {
    pairs.push(parsePair(tokens))
    tokens.accept(',')
  }
  return pairs
}
