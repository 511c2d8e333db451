/** What has been compiled: templates, each for the states of HTML in which it was needed. */
import { type Compiled, compile, type Engine, type Unit } from './compile/compile.ts'
import type { Rendered, Run } from './compile/run.ts'
import { TemplateError } from './errors.ts'
import { stateKey } from './escape/html/output.ts'
import type { HtmlState } from './escape/html/state.ts'

/** How often a template that includes itself is compiled, until it ends as was expected where it includes itself. */
const ROUNDS = 4

/** A template on its way to being compiled; where it includes itself, its end is not known yet but expected. */
class Begun implements Unit {
  readonly #expected: HtmlState
  #compiled: Compiled | null = null
  #relied = false

  constructor(expected: HtmlState) {
    this.#expected = expected
  }

  get end(): HtmlState {
    if (this.#compiled !== null) return this.#compiled.state
    this.#relied = true
    return this.#expected
  }

  readonly render = (run: Run): Rendered => {
    if (this.#compiled === null) throw new Error('a template was rendered before it was compiled')
    return this.#compiled.render(run)
  }

  /** Whether it ends where it was expected to. */
  finish(compiled: Compiled): boolean {
    if (this.#relied && stateKey(compiled.state) !== stateKey(this.#expected)) return false
    this.#compiled = compiled
    return true
  }
}

export class Units {
  readonly #engine: Engine
  readonly #kept = new Map<string, Unit>()
  readonly #begun = new Map<string, Begun>()
  /** Compiled while others were: they may rely on what one of those is expected to become. */
  readonly #provisional = new Map<string, Unit>()

  constructor(engine: Engine) {
    this.#engine = engine
  }

  unit(name: string, state: HtmlState): Unit {
    const key = `${name}\0${stateKey(state)}`
    return this.#kept.get(key) ?? this.#begun.get(key) ?? this.#provisional.get(key) ?? this.#compile(key, name, state)
  }

  /** Everything compiled may contain what has changed, so all of it goes. */
  clear(): void {
    this.#kept.clear()
  }

  #compile(key: string, name: string, state: HtmlState): Unit {
    const { depth } = this.#engine.limits
    if (this.#begun.size >= depth) {
      const problem = `Templates include each other deeper than ${depth}, each time in another HTML context`
      throw new TemplateError(problem, this.#engine.document(name).source, 0, 'TEMPLATE_LIMIT')
    }
    let expected = state
    try {
      for (let round = 0; round < ROUNDS; round++) {
        const unit = new Begun(expected)
        this.#begun.set(key, unit)
        const compiled = compile(this.#engine, name, state)
        if (unit.finish(compiled)) {
          this.#provisional.set(key, unit)
          return unit
        }
        this.#provisional.clear()
        expected = compiled.state
      }
      const { source } = this.#engine.document(name)
      const problem = 'A template that includes itself must come to the same HTML context each time'
      throw new TemplateError(problem, source, 0, 'TEMPLATE_UNSAFE')
    } catch (error) {
      this.#provisional.clear()
      throw error
    } finally {
      this.#begun.delete(key)
      if (this.#begun.size === 0) this.#settle()
    }
  }

  #settle(): void {
    for (const [key, unit] of this.#provisional) {
      if (this.#kept.size >= this.#engine.limits.units) this.#kept.clear()
      this.#kept.set(key, unit)
    }
    this.#provisional.clear()
  }
}
