/** The template engine: finds templates, compiles them once, renders them. */

import { stopwatch } from '../base/clock.ts'
import type { EventLog } from '../base/events.ts'
import type { Machine } from '../base/machine.ts'
import type { Engine, Unit } from './compile/compile.ts'
import type { Filter, Run } from './compile/run.ts'
import { Attempts, there } from './compile/waiting.ts'
import { TemplateError, TemplateNotFound, TemplateUsageError } from './errors.ts'
import { endProblem } from './escape/html/output.ts'
import { HTML_START } from './escape/html/state.ts'
import { SCHEMES } from './escape/values/address.ts'
import type { Replacement, TemplatesRenderedEvent, TemplatesReplacedEvent } from './events.ts'
import { builtinFilters } from './filters/filters.ts'
import { TEMPLATE_LIMITS, type TemplateLimits } from './limits.ts'
import { type Loader, ObjectLoader } from './loader.ts'
import type { Document } from './syntax/ast.ts'
import { parse } from './syntax/parser.ts'
import { Units } from './units.ts'

/** What an engine is made with. */
export interface TemplatesOptions {
  /** Values and functions that every template has; functions are called by name: `{{ url('posts.show', slug=x) }}`. */
  readonly globals?: { readonly [name: string]: unknown }
  /** More filters, or others in the place of built-in ones: `(value, ...args)`; named arguments are a last object. */
  readonly filters?: { readonly [name: string]: Filter }
  /** While developing: a name that does not exist is an error, and files that changed are read again. */
  readonly debug?: boolean
  /**
   * Schemes that an address may have beside the usual ones (`https`, `mailto`, `tel`, …), without the colon: `['myapp']`.
   * Never `javascript` or `data`: one such address is vouched for with `safeUrl`.
   */
  readonly schemes?: readonly string[]
  /**
   * Told of each value that was not printed as it is, because it could have meant more than a value there: a
   * `javascript:` address, CSS that fetches. Default: the console while developing (`debug`), nobody otherwise.
   */
  readonly onReplaced?: (replacement: Replacement) => void
  readonly limits?: Partial<TemplateLimits>
}

/** How one page is rendered. */
export interface RenderOptions {
  /** A name that does not exist is an error: by default while developing (`debug`); otherwise it is empty. */
  readonly strict?: boolean
  /** For whom it is rendered, where somebody watches: the machine whose time it takes, the log, the exchange. */
  readonly report?: { readonly machine: Machine; readonly events: EventLog; readonly exchange: number } | undefined
}

/**
 * HTML files with Django's and Jinja's syntax, escaped by where in the HTML a value stands. An engine needs no site.
 *
 * @example
 * import { Templates } from 'reticle/templates'
 * import { DirectoryLoader } from 'reticle/templates/node'
 *
 * const templates = new Templates(new DirectoryLoader('templates'), { debug: true })
 * const page = templates.render('posts/show.html', { post: { title: 'Q & A' } })
 *
 * @example
 * const mail = new Templates({ 'welcome.html': '<p>Welcome, <a href="/users/{{ name }}">{{ name }}</a>!</p>' })
 * mail.render('welcome.html', { name: 'Ada' })
 */
export class Templates {
  readonly #loader: Loader
  readonly #debug: boolean
  readonly #limits: TemplateLimits
  readonly #globals: { [name: string]: unknown }
  readonly #onReplaced: ((replacement: Replacement) => void) | null
  readonly #documents = new Map<string, { document: Document; version: string }>()
  readonly #units: Units

  /**
   * @param from a loader, or an object of templates by name
   * @throws TemplateUsageError for options that cannot be meant
   */
  constructor(from: Loader | { readonly [name: string]: string }, options: TemplatesOptions = {}) {
    if (typeof from !== 'object' || from === null)
      throw new TemplateUsageError(
        `new Templates() takes a loader or an object of templates by name, not ${shown(from)}: new Templates({ 'home.html': '…' }), or new Templates(new DirectoryLoader('templates'))`,
      )
    this.#loader = isLoader(from) ? from : new ObjectLoader(from)
    this.#debug = options.debug ?? false
    this.#limits = { ...TEMPLATE_LIMITS, ...options.limits }
    this.#onReplaced = options.onReplaced ?? (this.#debug ? warn : null)
    this.#globals = { range: (from: unknown, to?: unknown) => range(this.#limits.range, from, to), ...options.globals }
    const filters = builtinFilters(this.#limits)
    for (const [name, filter] of Object.entries(options.filters ?? {})) filters.set(name, filter)
    const engine: Engine = {
      filters,
      limits: this.#limits,
      settings: { schemes: schemes(options.schemes ?? []) },
      document: (name) => this.#document(name),
      unit: (name, state) => this.#units.unit(name, state),
    }
    this.#units = new Units(engine)
  }

  /** A value or a function for all templates; in the place of one that has the name already. */
  global(name: string, value: unknown): void {
    this.#globals[name] = value
  }

  /** Whether there is a template of this name. */
  has(name: string): boolean {
    return name.length <= this.#limits.name && this.#loader.version(name) !== null
  }

  /**
   * The template with the data put in, at once: a promise or a query among the data is an error.
   * @param data what the template's names mean: own properties, and getters of a class.
   * @throws TemplateNotFound, or TemplateError with file, line, column and an excerpt.
   */
  render(name: string, data: object = {}, options: RenderOptions = {}): string {
    return this.#rendered(name, data, options, false) as string
  }

  /**
   * The same, but promises and queries among the data, and what functions and filters promise, are awaited where the
   * template needs them. Without any the page is there at once and no promise is made.
   * @throws what `render` throws, or the promise is rejected with it
   */
  renderAsync(name: string, data: object = {}, options: RenderOptions = {}): string | Promise<string> {
    return this.#rendered(name, data, options, true)
  }

  /** Compiles a template without rendering it: for checking all of a site's at start. */
  check(name: string): void {
    this.#top(name)
  }

  #rendered(name: string, data: object, options: RenderOptions, mayWait: boolean): string | Promise<string> {
    requireData(name, data)
    const { strict = this.#debug, report } = options
    const started = report ? stopwatch(report.machine.clock) : 0
    if (this.#debug) this.#forgetChanged()
    const unit = this.#top(name)
    there(data, 'What was given to render', { source: this.#document(name).source, at: 0 })
    const run: Run = {
      out: '',
      scope: null,
      data,
      globals: this.#globals,
      strict,
      depth: 0,
      waits: mayWait ? new Attempts(data) : null,
      watch: this.#watch(report),
    }
    const waits = unit.render(run)
    const finish = (): string => {
      if (report) reportRendered(report, name, started, run.out)
      return run.out
    }
    return waits === undefined ? finish() : waits.then(finish)
  }

  #watch(report: RenderOptions['report']): Run['watch'] {
    const told = this.#onReplaced
    if (!report?.events.on) return told
    return (replacement) => {
      told?.(replacement)
      const { machine, events, exchange } = report
      const event: TemplatesReplacedEvent = {
        type: 'templates.replaced',
        at: machine.clock.now(),
        host: machine.name,
        exchange,
        ...replacement,
      }
      events.emit(event)
    }
  }

  #top(name: string): Unit {
    const unit = this.#units.unit(name, HTML_START)
    const problem = endProblem(unit.end)
    if (problem === null) return unit
    const { source } = this.#document(name)
    throw new TemplateError(problem, source, source.text.length, 'TEMPLATE_UNSAFE')
  }

  #document(name: string): Document {
    const known = this.#documents.get(name)
    if (known) return known.document
    const loaded = name.length <= this.#limits.name ? this.#loader.load(name) : null
    if (!loaded) throw new TemplateNotFound(name, this.#loader.where)
    const document = parse({ name, text: loaded.text, path: loaded.path }, this.#limits)
    if (this.#documents.size >= this.#limits.units) this.#documents.clear()
    this.#documents.set(name, { document, version: loaded.version })
    return document
  }

  #forgetChanged(): void {
    for (const [name, { version }] of this.#documents) {
      if (this.#loader.version(name) === version) continue
      this.#documents.clear()
      this.#units.clear()
      return
    }
  }
}

function isLoader(from: Loader | { readonly [name: string]: string }): from is Loader {
  return typeof (from as Loader).load === 'function'
}

function reportRendered(
  { machine, events, exchange }: NonNullable<RenderOptions['report']>,
  template: string,
  started: number,
  html: string,
): void {
  if (!events.on) return
  const event: TemplatesRenderedEvent = {
    type: 'templates.rendered',
    at: machine.clock.now(),
    host: machine.name,
    exchange,
    template,
    duration: stopwatch(machine.clock) - started,
    bytes: utf8Length(html),
  }
  events.emit(event)
}

function utf8Length(text: string): number {
  let length = text.length
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    // The two halves of a pair are four octets together, and two units.
    if (unit > 0x7f) length += unit < 0x800 || (unit >= 0xd800 && unit < 0xe000) ? 1 : 2
  }
  return length
}

function warn({ template, line, column, instead, why }: Replacement): void {
  const what = instead === '' ? 'A value was left out' : `${JSON.stringify(instead)} was printed instead of a value`
  console.warn(`${template}:${line}:${column}: ${what}: ${why}`)
}

/** What TypeScript would have refused. @throws TemplateUsageError */
function requireData(name: unknown, data: unknown): void {
  if (typeof name !== 'string')
    throw new TemplateUsageError(
      `render() takes the name of a template, not ${shown(name)}: render('home.html', { … })`,
    )
  if (typeof data !== 'object' || data === null)
    throw new TemplateUsageError(
      `render('${name}') takes an object of what the template's names mean, not ${shown(data)}: render('${name}', { posts })`,
    )
}

function shown(value: unknown): string {
  return value === null ? 'null' : typeof value === 'string' ? JSON.stringify(value.slice(0, 40)) : typeof value
}

/** @throws TemplateUsageError for a scheme whose addresses are programs or documents */
function schemes(more: readonly string[]): ReadonlySet<string> {
  const all = new Set(SCHEMES)
  for (const scheme of more) {
    const name = scheme.toLowerCase().replace(/:$/, '')
    if (!/^[a-z][a-z0-9+.-]*$/.test(name) || /^(?:javascript|vbscript|data|blob|about|filesystem)$/.test(name)) {
      throw new TemplateUsageError(
        `new Templates({ schemes }): ${JSON.stringify(scheme)} cannot be allowed for all addresses: vouch for single ones with safeUrl`,
      )
    }
    all.add(name)
  }
  return all
}

/** `range(3)` is 0, 1, 2; `range(1, 4)` is 1, 2, 3. */
function range(limit: number, from: unknown, to?: unknown): number[] {
  const [start, end] = to === undefined ? [0, Number(from)] : [Number(from), Number(to)]
  const length = Math.max(0, Math.ceil(end - start))
  if (!(length <= limit)) throw new RangeError(`range() gives at most ${limit} numbers, not ${length}`)
  return Array.from({ length }, (_, i) => start + i)
}
