/**
 * Compiles the tree of a template to closures. One walk does both: it follows the HTML, so that each output gets the
 * escaping of its place, and makes the functions that print. Inheritance is resolved here: a block is compiled where
 * the layout has it.
 */

import { type Source, TemplateError } from '../error.ts'
import { describe, join, outputAt, stateKey } from '../escape/context.ts'
import { advance, HTML_START, HtmlProblem, type HtmlState } from '../escape/html.ts'
import type { TemplateLimits } from '../limits.ts'
import { SafeHtml } from '../safe.ts'
import type { Block, Document, Macro, Node } from '../syntax/ast.ts'
import { type Evaluate, evaluator, located, type Scope } from './evaluate.ts'
import { loop } from './loop.ts'
import { macroArguments } from './macro.ts'
import { truthy } from './read.ts'
import type { Binding, Filter, Render, Run } from './run.ts'

/** What the compiler asks of the engine. */
export interface Engine {
  readonly filters: ReadonlyMap<string, Filter>
  readonly limits: TemplateLimits
  /** @throws TemplateNotFound */
  document(name: string): Document
  /** The template compiled for a place whose HTML is in this state. */
  unit(name: string, state: HtmlState): Unit
}

/** A template compiled for one state of HTML. */
export interface Unit {
  render: Render
  /** The state behind it; null while it is being compiled (a template that includes itself). */
  end: HtmlState | null
  /** Whether it was used before its end was known, and so must end as it began. */
  recursive: boolean
}

interface Compiled {
  readonly render: Render
  readonly state: HtmlState
}

/** A block's body together with the file it stands in. */
interface Body {
  readonly block: Block
  readonly document: Document
}

/** What the files of one chain of `extends` share while they are compiled. */
interface Layout {
  /** The bodies of each block, the most derived first. */
  readonly bodies: ReadonlyMap<string, readonly Body[]>
  /** The blocks that have found their place. */
  readonly used: Set<string>
  /** Nodes that may still be compiled: a loop is compiled again when it ends in another context than it began. */
  budget: number
}

/** Compiles the template `name`, with the layouts it extends, for a place whose HTML is in `state`. */
export function compile(engine: Engine, name: string, state: HtmlState): Compiled {
  const chain = lineage(engine, name)
  const bodies = new Map<string, Body[]>()
  for (const document of chain) {
    for (const [key, block] of document.blocks) {
      const known = bodies.get(key)
      if (known) known.push({ block, document })
      else bodies.set(key, [{ block, document }])
    }
  }
  const base = chain.at(-1)!
  const layout: Layout = { bodies, used: new Set(), budget: engine.limits.parts }
  const preludes = chain
    .slice(0, -1)
    .reverse()
    .map((document) => prelude(engine, document))
  const main = new Compiler(engine, base, layout).nodes(base.nodes, state)
  for (const document of chain.slice(0, -1)) checkUsed(document, layout.used)
  return { render: sequence([...preludes, main.render]), state: main.state }
}

/** The template and what it extends, the base last. */
function lineage(engine: Engine, name: string): Document[] {
  const chain: Document[] = []
  for (let document = engine.document(name); ; document = engine.document(document.parent!.name)) {
    if (chain.some(({ source }) => source.name === document.source.name)) {
      const last = chain.at(-1)!
      throw new TemplateError('The templates extend each other in a circle', last.source, last.parent!.at)
    }
    chain.push(document)
    if (!document.parent) return chain
  }
}

/** What an extending template does before its layout: its variables and macros. */
function prelude(engine: Engine, document: Document): Render {
  const made: Node[] = []
  for (const node of document.nodes) {
    if (node.type === 'set' || node.type === 'macro') made.push(node)
    else if (node.type !== 'block' && !(node.type === 'text' && node.text.trim() === '')) {
      throw new TemplateError(
        'What stands outside the blocks of an extending template is never shown',
        document.source,
        textStart(node),
      )
    }
  }
  return new Compiler(engine, document, { bodies: new Map(), used: new Set(), budget: engine.limits.parts }).nodes(
    made,
    HTML_START,
  ).render
}

function textStart(node: Node): number {
  return node.type === 'text' ? node.at + node.text.length - node.text.trimStart().length : node.at
}

function checkUsed(document: Document, used: Set<string>): void {
  for (const node of document.nodes) {
    if (node.type === 'block' && !used.has(node.name)) {
      const layout = document.parent!.name
      throw new TemplateError(`${layout} has no block ${node.name}, so this is never shown`, document.source, node.at)
    }
  }
}

/** A body of a block: level 0 is the most derived, `super()` goes up. */
interface Inside {
  readonly name: string
  readonly level: number
}

class Compiler {
  readonly #engine: Engine
  readonly #source: Source
  readonly #scope: Scope
  readonly #layout: Layout
  /** The bodies we are in, the innermost last. */
  readonly #inside: readonly Inside[]

  constructor(engine: Engine, document: Document, layout: Layout, inside: readonly Inside[] = []) {
    this.#engine = engine
    this.#source = document.source
    this.#scope = { source: document.source, filters: engine.filters }
    this.#layout = layout
    this.#inside = inside
  }

  nodes(nodes: readonly Node[], from: HtmlState): Compiled {
    const parts: Render[] = []
    let state = from
    for (const node of nodes) {
      const compiled = this.#node(node, state)
      if (compiled.render !== nothing) parts.push(compiled.render)
      state = compiled.state
    }
    return { render: sequence(parts), state }
  }

  #node(node: Node, state: HtmlState): Compiled {
    if (--this.#layout.budget < 0)
      throw this.#error(`The template compiles to more than ${this.#engine.limits.parts} parts`, node.at)
    switch (node.type) {
      case 'text':
        return this.#text(node.text, node.at, state)
      case 'output':
        return this.#output(this.#evaluator(node.expr), node.at, state)
      case 'if':
        return this.#if(node, state)
      case 'for':
        return this.#for(node, state)
      case 'set': {
        const value = this.#evaluator(node.value)
        const { name } = node
        return { state, render: (run) => void (run.scope = { name, value: value(run), parent: run.scope }) }
      }
      case 'with': {
        const bind = this.#bindings(node.pairs)
        const body = this.nodes(node.body, state)
        return { state: body.state, render: scoped(bind, body.render) }
      }
      case 'block':
        return this.#block(node.name, 0, state, node.at)
      case 'super': {
        const inside = this.#inside.at(-1)
        if (!inside) throw this.#error('super() has a meaning only inside a block', node.at)
        return this.#block(inside.name, inside.level + 1, state, node.at)
      }
      case 'include':
        return this.#include(node, state)
      case 'macro':
        return this.#macro(node, state)
    }
  }

  #text(text: string, at: number, from: HtmlState): Compiled {
    const advanced = advance(from, text)
    if (advanced instanceof HtmlProblem) throw this.#error(advanced.problem, at + advanced.offset)
    const { text: shown, state } = advanced
    return { state, render: (run) => void (run.out += shown) }
  }

  #output(value: Evaluate, at: number, from: HtmlState): Compiled {
    const output = outputAt(from)
    if (typeof output === 'string') throw this.#error(output, at)
    const { before, write, state } = output
    const source = this.#source
    const render: Render = (run) => {
      const printed = value(run)
      try {
        run.out += write(printed)
      } catch (error) {
        throw located(error, '', source, at)
      }
    }
    return { state, render: before === '' ? render : sequence([(run) => void (run.out += before), render]) }
  }

  #if(node: Node & { type: 'if' }, from: HtmlState): Compiled {
    const branches = node.branches.map(({ test, body, at }) => {
      const compiled = this.nodes(body, from)
      return { at, test: test ? evaluator(test, this.#scope, true) : () => true, ...compiled }
    })
    let state: HtmlState | null = null
    for (const branch of branches) {
      state = state === null ? branch.state : this.#join(state, branch.state, branch.at)
    }
    const hasElse = node.branches.at(-1)!.test === null
    if (!hasElse) state = this.#join(state!, from, node.at)
    return {
      state: state!,
      render: (run) => {
        for (const branch of branches) {
          if (truthy(branch.test(run))) {
            branch.render(run)
            return
          }
        }
      },
    }
  }

  #for(node: Node & { type: 'for' }, from: HtmlState): Compiled {
    const list = this.#evaluator(node.list)
    // The body begins where the loop begins and also where the body ends: in what both have in common.
    let start = from
    let body = this.nodes(node.body, start)
    for (let round = 0; ; round++) {
      const joined = this.#join(start, body.state, node.at)
      if (stateKey(joined) === stateKey(start)) break
      if (round === 3) throw this.#error('The loop does not come to the same HTML context each time', node.at)
      start = joined
      body = this.nodes(node.body, start)
    }
    const otherwise = this.nodes(node.otherwise, from)
    const state = this.#join(start, otherwise.state, node.at)
    const render = loop(node.names, list, body.render, otherwise.render, (value) =>
      this.#error(`A ${typeof value} cannot be gone through`, node.at),
    )
    return { state, render }
  }

  #block(name: string, level: number, state: HtmlState, at: number): Compiled {
    const body = this.#layout.bodies.get(name)?.[level]
    if (!body) throw this.#error(`The block ${name} has nothing to be super() of`, at)
    if (this.#inside.some((outer) => outer.name === name && outer.level === level)) {
      throw this.#error(`The block ${name} contains itself`, at)
    }
    this.#layout.used.add(name)
    const inner = new Compiler(this.#engine, body.document, this.#layout, [...this.#inside, { name, level }])
    const compiled = inner.nodes(body.block.body, state)
    return { state: compiled.state, render: scoped(null, compiled.render) }
  }

  #include(node: Node & { type: 'include' }, from: HtmlState): Compiled {
    const bind = this.#bindings(node.pairs)
    const fixed = node.name.type === 'literal' ? this.#unit(String(node.name.value), from, node.at) : null
    const name = this.#evaluator(node.name)
    const source = this.#source
    const { depth } = this.#engine.limits
    const unitOf = (run: Run): Unit => {
      if (fixed) return fixed
      // Only now is it known which template this is: it must leave the HTML as it found it.
      const unit = this.#unit(String(name(run)), from, node.at)
      if (unit.end && stateKey(unit.end) !== stateKey(from)) {
        throw this.#error(
          `The template included ends ${describe(unit.end)}, and this place is ${describe(from)}`,
          node.at,
        )
      }
      return unit
    }
    const render: Render = (run) => {
      const unit = unitOf(run)
      const { scope, data } = run
      const inner = bind(run)
      run.scope = node.only ? cut(inner, scope) : inner
      if (node.only) run.data = NO_DATA
      enter(run, depth, source, node.at)
      unit.render(run)
      run.depth--
      run.scope = scope
      run.data = data
    }
    if (fixed && fixed.end === null) fixed.recursive = true
    return { state: fixed?.end ?? from, render }
  }

  #unit(name: string, state: HtmlState, at: number): Unit {
    try {
      return this.#engine.unit(name, state)
    } catch (error) {
      throw located(error, '', this.#source, at)
    }
  }

  /** A macro is a function that gives HTML: its body is compiled for text between tags and must end there. */
  #macro(node: Macro, state: HtmlState): Compiled {
    const body = this.nodes(node.body, HTML_START)
    if (body.state.mode !== 'text') throw this.#error(`The macro ${node.name} ends ${describe(body.state)}`, node.at)
    const params = node.params.map(([name, standard]) => [name, standard ? this.#evaluator(standard) : null] as const)
    const source = this.#source
    const { depth } = this.#engine.limits
    const render: Render = (run) => {
      const binding: Binding = { name: node.name, parent: run.scope, value: null }
      binding.value = (...args: unknown[]) => {
        const { scope, out } = run
        const given = macroArguments(
          params.map(([name]) => name),
          args,
        )
        run.scope = binding
        for (const [name, standard] of params) {
          const value = given.has(name) ? given.get(name) : standard?.(run)
          run.scope = { name, value, parent: run.scope }
        }
        run.out = ''
        enter(run, depth, source, node.at)
        body.render(run)
        run.depth--
        const html = new SafeHtml(run.out)
        run.out = out
        run.scope = scope
        return html
      }
      run.scope = binding
    }
    return { state, render }
  }

  /** Puts variables in front of a scope. */
  #bindings(pairs: readonly (readonly [string, Parameters<typeof evaluator>[0]])[]): (run: Run) => Binding | null {
    const made = pairs.map(([name, expr]) => [name, this.#evaluator(expr)] as const)
    return (run) => {
      let scope = run.scope
      for (const [name, value] of made) scope = { name, value: value(run), parent: scope }
      return scope
    }
  }

  #evaluator(expr: Parameters<typeof evaluator>[0]): Evaluate {
    return evaluator(expr, this.#scope)
  }

  #join(a: HtmlState, b: HtmlState, at: number): HtmlState {
    const joined = join(a, b)
    if (joined) return joined
    throw this.#error(`The HTML context is ambiguous: one way ends ${describe(a)}, another ${describe(b)}`, at)
  }

  #error(problem: string, at: number): TemplateError {
    return new TemplateError(problem, this.#source, at)
  }
}

const nothing: Render = () => {}

function sequence(parts: readonly Render[]): Render {
  if (parts.length === 0) return nothing
  if (parts.length === 1) return parts[0]!
  return (run) => {
    for (const part of parts) part(run)
  }
}

/** Variables made inside are gone behind it. */
function scoped(bind: ((run: Run) => Binding | null) | null, render: Render): Render {
  return (run) => {
    const { scope } = run
    if (bind) run.scope = bind(run)
    render(run)
    run.scope = scope
  }
}

/** The bindings of `scope` that were put in front of `outer`, and nothing of `outer`. */
function cut(scope: Binding | null, outer: Binding | null): Binding | null {
  if (scope === outer || scope === null) return null
  return { name: scope.name, value: scope.value, parent: cut(scope.parent, outer) }
}

/** What an include with `only` sees instead of the data; the globals stay. */
const NO_DATA = Object.freeze({})

function enter(run: Run, limit: number, source: Source, at: number): void {
  if (++run.depth > limit) {
    throw new TemplateError(`Templates include or call each other deeper than ${limit}`, source, at)
  }
}
