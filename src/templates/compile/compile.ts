/**
 * Compiles the tree of a template to closures. One walk does both: it follows the HTML, so that each output gets the
 * escaping of its place, and makes the functions that print. Inheritance is resolved here: a block is compiled where
 * the layout has it.
 */

import { position, type Source, TemplateError, type TemplateErrorCode } from '../errors.ts'
import type { Settings } from '../escape/content/content.ts'
import { HtmlProblem } from '../escape/html/machine.ts'
import { describe, endProblem, join, outputAt, stateKey } from '../escape/html/output.ts'
import { HTML_START, type HtmlState } from '../escape/html/state.ts'
import { MACHINE } from '../escape/machine.ts'
import type { TemplateLimits } from '../limits.ts'
import type { Document, Expr, Macro, Node } from '../syntax/ast.ts'
import { argumentsOf, evaluator, type Scope } from './evaluate.ts'
import { enter, renderIncluded } from './include.ts'
import { checkUsed, type Layout, layoutOf, preludeOf } from './layout.ts'
import { located } from './located.ts'
import { loop } from './loop.ts'
import { type Bind, define, isTextOnly, macroOf, parameters } from './macro.ts'
import { truthy } from './read.ts'
import { type Binding, type Evaluate, type Filter, type Render, type Run, resolve } from './run.ts'
import { inScope, nothing, print, sequence } from './sequence.ts'
import { evaluated } from './waiting.ts'

/** What the compiler asks of the engine. */
export interface Engine {
  readonly filters: ReadonlyMap<string, Filter>
  readonly limits: TemplateLimits
  readonly settings: Settings
  /** @throws TemplateNotFound */
  document(name: string): Document
  /** The template compiled for a place whose HTML is in this state. */
  unit(name: string, state: HtmlState): Unit
}

/** A template compiled for one state of HTML. */
export interface Unit {
  readonly render: Render
  /** The state behind it; while it is being compiled (a template that includes itself), the one that is expected. */
  readonly end: HtmlState
}

export interface Compiled {
  readonly render: Render
  readonly state: HtmlState
}

/** Compiles the template `name`, with the layouts it extends, for a place whose HTML is in `state`. */
export function compile(engine: Engine, name: string, state: HtmlState): Compiled {
  const layout = layoutOf(name, engine.document, engine.limits.parts)
  const base = layout.chain.at(-1)!
  const preludes = layout.chain
    .slice(0, -1)
    .reverse()
    .map((document) => new Compiler(engine, document, layout).nodes(preludeOf(document), HTML_START).render)
  const main = new Compiler(engine, base, layout).nodes(base.nodes, state)
  checkUsed(layout)
  return { render: sequence([...preludes, main.render]), state: main.state }
}

type Output = Extract<Node, { type: 'output' }>

/** How often a loop is compiled again until it comes to the same context each time. */
const ROUNDS = 4

/** A body of a block: level 0 is the most derived, `super()` goes up. */
interface Inside {
  readonly name: string
  readonly level: number
}

class Compiler {
  readonly #engine: Engine
  readonly #document: Document
  readonly #source: Source
  readonly #scope: Scope
  readonly #layout: Layout
  /** The bodies we are in, the innermost last. */
  readonly #inside: readonly Inside[]
  /** The macros whose bodies are being compiled for the place where they are called. */
  readonly #expanding = new Set<Macro>()

  constructor(engine: Engine, document: Document, layout: Layout, inside: readonly Inside[] = []) {
    this.#engine = engine
    this.#document = document
    this.#source = document.source
    this.#scope = { source: document.source, filters: engine.filters }
    this.#layout = layout
    this.#inside = inside
  }

  nodes(nodes: readonly Node[], from: HtmlState): Compiled {
    const parts: Render[] = []
    let state = from
    // Text is printed together with the output behind it.
    let text = ''
    for (const node of nodes) {
      if (state.fresh && node.type !== 'text' && node.type !== 'set' && node.type !== 'macro') {
        // The line feed that browsers leave out behind <textarea> and <pre>: a value may begin with one of its own.
        text += '\n'
        state = { ...state, fresh: false }
      }
      this.#spend(node.at)
      if (node.type === 'text') {
        const advanced = this.#text(node.text, node.at, state)
        text += advanced.text
        state = advanced.state
        continue
      }
      if (node.type !== 'output' && text !== '') parts.push(print(text))
      const compiled = node.type === 'output' ? this.#output(node, state, text) : this.#tag(node, state)
      text = ''
      if (compiled.render !== nothing) parts.push(compiled.render)
      state = compiled.state
    }
    if (text !== '') parts.push(print(text))
    return { render: sequence(parts), state }
  }

  #spend(at: number): void {
    if (--this.#layout.budget.left >= 0) return
    const problem = `The template compiles to more than ${this.#engine.limits.parts} parts`
    throw this.#error(problem, at, 'TEMPLATE_LIMIT')
  }

  #tag(node: Exclude<Node, { type: 'text' | 'output' }>, state: HtmlState): Compiled {
    switch (node.type) {
      case 'if':
        return this.#if(node, state)
      case 'for':
        return this.#for(node, state)
      case 'set': {
        const value = this.#evaluator(node.value)
        const { name } = node
        const set = (run: Run, given: unknown) => void (run.scope = { name, value: given, parent: run.scope })
        return { state, render: (run) => evaluated(run, value, set) }
      }
      case 'with': {
        const bind = this.#bindings(node.pairs)
        const body = this.nodes(node.body, state)
        const within = (run: Run, inner: Binding | null) => inScope(run, inner, body.render)
        return { state: body.state, render: (run) => evaluated(run, bind, within) }
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

  #text(text: string, at: number, from: HtmlState): { readonly state: HtmlState; readonly text: string } {
    const advanced = MACHINE.advance(from, text)
    if (advanced instanceof HtmlProblem) throw this.#unsafe(advanced.problem, at + advanced.offset)
    return advanced
  }

  /** @param text what is printed before the value */
  #output(node: Output, from: HtmlState, text: string): Compiled {
    const placed = this.#placed(node, from)
    if (placed !== null) return { state: placed.state, render: sequence([print(text), placed.render]) }
    const { at } = node
    const value = this.#evaluator(node.expr)
    const output = outputAt(MACHINE, from, this.#engine.settings)
    if (typeof output === 'string') throw this.#unsafe(output, at)
    const { write, state } = output
    const before = text + output.before
    const source = this.#source
    const replaced = (watch: NonNullable<Run['watch']>) => (instead: string, why: string) =>
      watch({ template: source.name, ...position(source.text, at), instead, why })
    const put = (run: Run, printed: unknown): undefined => {
      try {
        run.out += before
        run.out += write(printed, run.watch === null ? null : replaced(run.watch))
      } catch (error) {
        throw located(error, '', source, at)
      }
    }
    // The same as evaluated(run, value, put), with one call less where nothing can wait: most of a page is outputs.
    return { state, render: (run) => (run.waits === null ? put(run, value(run)) : evaluated(run, value, put)) }
  }

  /**
   * A macro that holds text only, called where no HTML can stand: its body is compiled for that place, as if it were
   * written there. Null for anything else, and the call is a value like others.
   */
  #placed(node: Output, from: HtmlState): Compiled | null {
    const { expr, at } = node
    if (expr.type !== 'call' || from.mode === 'text') return null
    const macro = this.#document.macros.get(expr.name)
    if (!macro || !isTextOnly(macro.body) || this.#expanding.has(macro)) return null
    this.#expanding.add(macro)
    const body = this.nodes(macro.body, from)
    this.#expanding.delete(macro)
    const bind = this.#parameters(macro)
    const args = argumentsOf(expr.args, this.#scope)
    const { depth } = this.#engine.limits
    const inner = (run: Run): Binding => {
      const bound = macroOf(resolve(run, expr.name))
      if (bound?.macro === macro) return bind(run, bound.scope, args(run))
      throw this.#error(
        `${expr.name} is not the macro of this file here: give one of the two another name`,
        at,
        'TEMPLATE_RENDER',
      )
    }
    const called = (run: Run, scope: Binding) => {
      enter(run, depth, this.#source, at)
      return renderIncluded(run, scope, false, body.render)
    }
    return { state: body.state, render: (run) => evaluated(run, inner, called) }
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
    const chosen = (run: Run): Render => {
      for (const branch of branches) if (truthy(branch.test(run))) return branch.render
      return nothing
    }
    const go = (run: Run, render: Render) => render(run)
    return { state: state!, render: (run) => evaluated(run, chosen, go) }
  }

  #for(node: Node & { type: 'for' }, from: HtmlState): Compiled {
    const list = this.#evaluator(node.list)
    // The body begins where the loop begins and also where the body ends: in what both have in common.
    let start = from
    let body = this.nodes(node.body, start)
    for (let round = 1; ; round++) {
      const joined = this.#join(start, body.state, node.at)
      if (stateKey(joined) === stateKey(start)) break
      if (round === ROUNDS) throw this.#unsafe('The loop does not come to the same HTML context each time', node.at)
      start = joined
      body = this.nodes(node.body, start)
    }
    const otherwise = this.nodes(node.otherwise, from)
    const state = this.#join(start, otherwise.state, node.at)
    const render = loop(node.names, list, body.render, otherwise.render, (value) =>
      this.#error(`{% for %} takes a list, a map or an object, not a ${typeof value}`, node.at, 'TEMPLATE_RENDER'),
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
    return { state: compiled.state, render: (run) => inScope(run, run.scope, compiled.render) }
  }

  #include(node: Node & { type: 'include' }, from: HtmlState): Compiled {
    const { at, only } = node
    const bind = this.#bindings(node.pairs)
    const known = node.name.type === 'literal' ? this.#fixed(String(node.name.value), from, at) : null
    const fixed = known?.unit
    const name = this.#evaluator(node.name)
    const unitOf = fixed ? () => fixed : (run: Run) => this.#balanced(String(name(run)), from, at)
    const { depth } = this.#engine.limits
    const prepared = (run: Run) => ({ unit: unitOf(run), inner: bind(run) })
    const included = (run: Run, { unit, inner }: ReturnType<typeof prepared>) => {
      enter(run, depth, this.#source, at)
      return renderIncluded(run, inner, only, unit.render)
    }
    return { state: known?.end ?? from, render: (run) => evaluated(run, prepared, included) }
  }

  /**
   * A template whose name is written: compiled for this place without what is open around it in a script, so that one
   * that includes itself is compiled once, or for this very place when it closes what is open.
   */
  #fixed(name: string, from: HtmlState, at: number): { unit: Unit; end: HtmlState } {
    const content = from.content.detached()
    if (content !== from.content) {
      try {
        const unit = this.#unit(name, { ...from, content }, at)
        return { unit, end: { ...unit.end, content: from.content.attached(unit.end.content) } }
      } catch (error) {
        if (!(error instanceof TemplateError && error.code === 'TEMPLATE_UNSAFE')) throw error
      }
    }
    const unit = this.#unit(name, from, at)
    return { unit, end: unit.end }
  }

  /** A template whose name is known only now: it must leave the HTML as it found it. */
  #balanced(name: string, from: HtmlState, at: number): Unit {
    const unit = this.#unit(name, from, at)
    if (stateKey(unit.end) === stateKey(from)) return unit
    const [ends, place] = [describe(unit.end), describe(from)]
    const how = ends === place ? 'there, but not as it began: behind a value, say, and not before one' : ends
    const problem = `A template whose name is computed must leave the HTML as it finds it: ${name} begins ${place} and ends ${how}`
    throw this.#unsafe(problem, at)
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
    const problem = endProblem(body.state)
    if (problem !== null) throw this.#unsafe(problem.replace('The template', `The macro ${node.name}`), node.at)
    const bind = this.#parameters(node)
    const { depth } = this.#engine.limits
    const render: Render = (run) => {
      define(run, node, bind, body.render, depth, this.#source)
      return undefined
    }
    return { state, render }
  }

  #parameters(macro: Macro): Bind {
    return parameters(
      macro.params.map(([name, standard]) => [name, standard ? this.#evaluator(standard) : null] as const),
    )
  }

  /** Puts variables in front of a scope. */
  #bindings(pairs: readonly (readonly [string, Expr])[]): (run: Run) => Binding | null {
    const made = pairs.map(([name, expr]) => [name, this.#evaluator(expr)] as const)
    return (run) => {
      let scope = run.scope
      for (const [name, value] of made) scope = { name, value: value(run), parent: scope }
      return scope
    }
  }

  #evaluator(expr: Expr): Evaluate {
    return evaluator(expr, this.#scope)
  }

  #join(a: HtmlState, b: HtmlState, at: number): HtmlState {
    const joined = join(a, b)
    if (joined) return joined
    const [one, another] = [describe(a), describe(b)]
    const ways =
      one === another
        ? `all ways end ${one}, but not in the same manner: put quotes around values, and the same marks before every end`
        : `one way ends ${one}, another ${another}`
    throw this.#unsafe(`The HTML context is ambiguous: ${ways}`, at)
  }

  #unsafe(problem: string, at: number): TemplateError {
    return this.#error(problem, at, 'TEMPLATE_UNSAFE')
  }

  #error(problem: string, at: number, code: TemplateErrorCode = 'TEMPLATE_SYNTAX'): TemplateError {
    return new TemplateError(problem, this.#source, at, code)
  }
}
