/** The template engine: finds templates, compiles them once, renders them. */

import { stopwatch } from '../base/clock.ts'
import type { EventLog } from '../base/events.ts'
import type { Machine } from '../base/machine.ts'
import { compile, type Engine, type Unit } from './compile/compile.ts'
import type { Filter, Run } from './compile/run.ts'
import { TemplateError, TemplateNotFound } from './error.ts'
import { describe, stateKey } from './escape/context.ts'
import { HTML_START, type HtmlState } from './escape/html.ts'
import type { TemplatesRenderedEvent } from './events.ts'
import { builtinFilters } from './filters/filters.ts'
import { TEMPLATE_LIMITS, type TemplateLimits } from './limits.ts'
import { DirectoryLoader, type Loader } from './loader.ts'
import type { Document } from './syntax/ast.ts'
import { parse } from './syntax/parser.ts'

export interface TemplatesOptions {
  /** Values and functions that every template has; functions are called by name: `{{ url('posts.show', slug=x) }}`. */
  readonly globals?: { readonly [name: string]: unknown }
  /** More filters, or others in the place of built-in ones: `(value, ...args)`; named arguments are a last object. */
  readonly filters?: { readonly [name: string]: Filter }
  /** While developing: a name that does not exist is an error, and files that changed are read again. */
  readonly debug?: boolean
  readonly limits?: Partial<TemplateLimits>
}

export interface RenderOptions {
  /** A name that does not exist is an error: by default while developing (`debug`); otherwise it is empty. */
  readonly strict?: boolean
  /** For whom it is rendered, where somebody watches: the machine whose time it takes, the log, the exchange. */
  readonly report?: { readonly machine: Machine; readonly events: EventLog; readonly exchange: number } | undefined
}

/**
 * HTML files with Django's and Jinja's syntax, escaped by where in the HTML a value stands.
 *
 *     const templates = new Templates('templates')
 *     templates.render('posts/show.html', { post })
 */
export class Templates {
  readonly #loader: Loader
  readonly #debug: boolean
  readonly #limits: TemplateLimits
  readonly #globals: { [name: string]: unknown }
  readonly #filters = builtinFilters()
  readonly #documents = new Map<string, { document: Document; version: string }>()
  readonly #units = new Map<string, Unit>()
  readonly #engine: Engine

  /** @param from a folder, several of which the first that has a file wins, or a loader. */
  constructor(from: string | readonly string[] | Loader, options: TemplatesOptions = {}) {
    this.#loader =
      typeof from === 'string' ? new DirectoryLoader(from) : isLoader(from) ? from : new DirectoryLoader(...from)
    this.#debug = options.debug ?? false
    this.#limits = { ...TEMPLATE_LIMITS, ...options.limits }
    this.#globals = { range: (from: unknown, to?: unknown) => range(this.#limits.range, from, to), ...options.globals }
    for (const [name, filter] of Object.entries(options.filters ?? {})) this.#filters.set(name, filter)
    this.#engine = {
      filters: this.#filters,
      limits: this.#limits,
      document: (name) => this.#document(name),
      unit: (name, state) => this.#unit(name, state),
    }
  }

  /** A value or a function for all templates; in the place of one that has the name already. */
  global(name: string, value: unknown): void {
    this.#globals[name] = value
  }

  /** Whether there is a template of this name. */
  has(name: string): boolean {
    return this.#loader.version(name) !== null
  }

  /**
   * The template with the data put in.
   * @param data what the template's names mean: own properties, and getters of a class.
   * @throws TemplateNotFound, or TemplateError with file, line, column and an excerpt.
   */
  render(name: string, data: object = {}, { strict = this.#debug, report }: RenderOptions = {}): string {
    if (report === undefined) return this.#render(name, data, strict)
    const { machine, events, exchange } = report
    const started = stopwatch(machine.clock)
    const html = this.#render(name, data, strict)
    const event: TemplatesRenderedEvent = {
      type: 'templates.rendered',
      at: machine.clock.now(),
      host: machine.name,
      exchange,
      template: name,
      duration: stopwatch(machine.clock) - started,
      bytes: Buffer.byteLength(html),
    }
    events.emit(event)
    return html
  }

  /** Compiles a template without rendering it: for checking all of a site's at start. */
  check(name: string): void {
    this.#top(name)
  }

  #render(name: string, data: object, strict: boolean): string {
    if (this.#debug) this.#forgetChanged()
    const unit = this.#top(name)
    const run: Run = { out: '', scope: null, data, globals: this.#globals, strict, depth: 0 }
    unit.render(run)
    return run.out
  }

  #top(name: string): Unit {
    const unit = this.#unit(name, HTML_START)
    if (unit.end!.mode !== 'text') {
      const { source } = this.#document(name)
      throw new TemplateError(`The template ends ${describe(unit.end!)}`, source, source.text.length)
    }
    return unit
  }

  #document(name: string): Document {
    const known = this.#documents.get(name)
    if (known) return known.document
    const loaded = this.#loader.load(name)
    if (!loaded) throw new TemplateNotFound(name, this.#loader.where)
    const document = parse({ name, text: loaded.text, path: loaded.path }, this.#limits)
    if (this.#documents.size >= this.#limits.units) this.#documents.clear()
    this.#documents.set(name, { document, version: loaded.version })
    return document
  }

  #unit(name: string, state: HtmlState): Unit {
    const key = `${name}\0${stateKey(state)}`
    const known = this.#units.get(key)
    if (known) return known
    if (this.#units.size >= this.#limits.units) this.#units.clear()
    const unit: Unit = { render: notYet, end: null, recursive: false }
    this.#units.set(key, unit)
    try {
      const compiled = compile(this.#engine, name, state)
      if (unit.recursive && stateKey(compiled.state) !== stateKey(state)) {
        const { source } = this.#document(name)
        throw new TemplateError(
          'A template that includes itself must end in the HTML context in which it begins',
          source,
          0,
        )
      }
      unit.render = compiled.render
      unit.end = compiled.state
    } catch (error) {
      this.#units.delete(key)
      throw error
    }
    return unit
  }

  /** Everything compiled may contain what has changed, so all of it goes. */
  #forgetChanged(): void {
    for (const [name, { version }] of this.#documents) {
      if (this.#loader.version(name) === version) continue
      this.#documents.clear()
      this.#units.clear()
      return
    }
  }
}

function isLoader(from: readonly string[] | Loader): from is Loader {
  return !Array.isArray(from)
}

const notYet = () => {
  throw new Error('a template was rendered before it was compiled')
}

/** `range(3)` is 0, 1, 2; `range(1, 4)` is 1, 2, 3. */
function range(limit: number, from: unknown, to?: unknown): number[] {
  const [start, end] = to === undefined ? [0, Number(from)] : [Number(from), Number(to)]
  const length = Math.max(0, Math.ceil(end - start))
  if (!(length <= limit)) throw new RangeError(`range() gives at most ${limit} numbers, not ${length}`)
  return Array.from({ length }, (_, i) => start + i)
}
