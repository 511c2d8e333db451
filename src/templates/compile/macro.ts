/** Macros while a template is rendered: functions that give HTML. */
import type { Source } from '../errors.ts'
import { SafeHtml } from '../safe.ts'
import type { Macro, Node } from '../syntax/ast.ts'
import { enter } from './include.ts'
import type { Binding, Evaluate, Render, Run } from './run.ts'

/** Names the macro that a function is, and the scope in which it was defined. */
const MACRO: unique symbol = Symbol('macro')

export interface BoundMacro {
  readonly macro: Macro
  readonly scope: Binding
}

/** What is known of a function if it is a macro, or null. */
export function macroOf(value: unknown): BoundMacro | null {
  return typeof value === 'function' ? ((value as { [MACRO]?: BoundMacro })[MACRO] ?? null) : null
}

/** How the parameters of a macro are bound, in front of the scope in which it was defined. */
export type Bind = (run: Run, scope: Binding, args: readonly unknown[]) => Binding

export function parameters(names: readonly (readonly [string, Evaluate | null])[]): Bind {
  const known = names.map(([name]) => name)
  return (run, scope, args) => {
    const given = macroArguments(known, args)
    const outer = run.scope
    run.scope = scope
    for (const [name, standard] of names) {
      const value = given.has(name) ? given.get(name) : standard?.(run)
      run.scope = { name, value, parent: run.scope }
    }
    const bound = run.scope
    run.scope = outer
    return bound
  }
}

/** Binds a macro's name to its function. */
export function define(run: Run, macro: Macro, bind: Bind, body: Render, depth: number, source: Source): void {
  const scope: Binding = { name: macro.name, parent: run.scope, value: null }
  const call = (...args: unknown[]): SafeHtml => {
    const { scope: outer, out } = run
    run.scope = bind(run, scope, args)
    run.out = ''
    enter(run, depth, source, macro.at)
    body(run) // inside an expression nothing waits: the attempt as a whole is made again
    run.depth--
    const html = new SafeHtml(run.out)
    run.out = out
    run.scope = outer
    return html
  }
  scope.value = Object.assign(call, { [MACRO]: { macro, scope } })
  run.scope = scope
}

/** Whether a macro's body prints no tags: then it can be compiled for places where only text can stand. */
export function isTextOnly(nodes: readonly Node[]): boolean {
  return nodes.every((node) => {
    switch (node.type) {
      case 'text':
        return !node.text.includes('<')
      case 'output':
      case 'set':
        return true
      case 'if':
        return node.branches.every(({ body }) => isTextOnly(body))
      case 'for':
        return isTextOnly(node.body) && isTextOnly(node.otherwise)
      case 'with':
        return isTextOnly(node.body)
      default:
        return false
    }
  })
}

/** By parameter. @throws Error for more arguments than there are parameters. */
function macroArguments(names: readonly string[], args: readonly unknown[]): Map<string, unknown> {
  const given = new Map<string, unknown>()
  let positional = args
  const last = args.at(-1)
  // Named arguments arrive as one plain object behind the others; a macro knows the names it has.
  if (isNamed(last, names)) {
    positional = args.slice(0, -1)
    for (const [name, value] of Object.entries(last)) given.set(name, value)
  }
  positional.forEach((value, i) => {
    const name = names[i]
    if (name === undefined) throw new Error(`at most ${names.length} arguments`)
    given.set(name, value)
  })
  return given
}

function isNamed(value: unknown, names: readonly string[]): value is object {
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return false
  const keys = Object.keys(value)
  return keys.length > 0 && keys.every((key) => names.includes(key))
}
