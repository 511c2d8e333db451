/** Forms as HTML: controls with their labels, help and errors, everything that anybody wrote escaped. */

import type { Problem } from '../../base/problem.ts'
import { escapeHtml } from '../../templates/escape/values/html.ts'
import { renderHtml, SafeHtml } from '../../templates/safe.ts'
import { CSRF_FIELD } from '../security/csrf.ts'
import type { FormField, Widget } from './field.ts'

export interface FormState {
  /** What stands in the controls. Never a password. */
  readonly texts: ReadonlyMap<string, readonly string[]>
  readonly problems: ReadonlyMap<string, Problem>
  /** The token of the page; null where there is no request. */
  readonly token: { readonly csrfToken: string } | null
  /** The words of a problem, in the reader's language. */
  readonly word: (problem: Problem) => string
}

/** One field of a form as templates see it. */
export class FormControl {
  /** The field's name. */
  readonly name: string
  /** The `id` of the control, for labels and links. */
  readonly id: string
  /** The text for people. */
  readonly label: string
  /** A sentence beside it; '' for none. */
  readonly help: string
  /** Whether it must be filled in. */
  readonly required: boolean
  readonly #widget: Widget
  readonly #many: boolean
  readonly #state: FormState

  constructor(name: string, field: FormField<unknown>, state: FormState) {
    this.name = name
    this.id = `field-${name}`
    this.label = field.options?.label ?? labelOf(name)
    this.help = field.options?.help ?? ''
    this.required = field.required ?? false
    this.#widget = field.widget
    this.#many = field.many ?? false
    this.#state = state
  }

  /** The text that stands in the control. */
  get value(): string {
    return this.#state.texts.get(this.name)?.at(-1) ?? ''
  }

  /** What is wrong with it, '' for nothing. */
  get error(): string {
    const problem = this.#state.problems.get(this.name)
    return problem === undefined ? '' : this.#state.word(problem)
  }

  /** The control alone, without label and error. */
  get control(): SafeHtml {
    return new SafeHtml(this.#control())
  }

  [renderHtml](): SafeHtml {
    const { error } = this
    const { element } = this.#widget
    const group = element === 'radios'
    const label = group
      ? `<legend>${escapeHtml(this.label)}</legend>`
      : `<label for="${this.id}">${escapeHtml(this.label)}</label>`
    const help = this.help === '' ? '' : `<small id="${this.id}-help">${escapeHtml(this.help)}</small>`
    const wrong = error === '' ? '' : `<span class="error" id="${this.id}-error">${escapeHtml(error)}</span>`
    const control = this.#control()
    const parts = element === 'checkbox' ? control + label : label + control
    const tag = group ? 'fieldset' : 'div'
    return new SafeHtml(`<${tag} class="field${wrong === '' ? '' : ' wrong'}">${parts}${help}${wrong}</${tag}>`)
  }

  #control(): string {
    const { element, type, attributes = {} } = this.#widget
    const text = this.value
    switch (element) {
      case 'textarea':
        // A line feed right after the tag is dropped by HTML parsers: one more keeps the text's own.
        return `<textarea${this.#attributes(attributes)}>\n${escapeHtml(text)}</textarea>`
      case 'select':
        return this.#select(attributes)
      case 'radios':
        return this.#radios(attributes)
      case 'checkbox': {
        const ticked = text !== '' && text !== 'false' && text !== '0' && text !== 'off'
        return `<input type="checkbox" value="on"${this.#attributes(attributes)}${ticked ? ' checked' : ''}>`
      }
      case 'file':
        return `<input type="file"${this.#attributes(attributes)}>`
      default:
        return `<input type="${escapeHtml(type ?? 'text')}" value="${type === 'password' ? '' : escapeHtml(text)}"${this.#attributes(attributes)}>`
    }
  }

  #chosen(): ReadonlySet<string> {
    const texts = this.#state.texts.get(this.name) ?? []
    return new Set(this.#many ? texts : texts.slice(-1))
  }

  #select(attributes: Attributes): string {
    const { choices = [] } = this.#widget
    const chosen = this.#chosen()
    const options = choices.map(
      ({ value, label }) =>
        `<option value="${escapeHtml(value)}"${chosen.has(value) ? ' selected' : ''}>${escapeHtml(label)}</option>`,
    )
    // An empty choice first: a required select without it would begin with the first answer chosen (HTML §4.10.7).
    const none = this.#many || choices.some(({ value }) => value === '') ? '' : '<option value=""></option>'
    return `<select${this.#attributes({ ...attributes, ...(this.#many && { multiple: true }) })}>${none}${options.join('')}</select>`
  }

  #radios(attributes: Attributes): string {
    const { choices = [] } = this.#widget
    const chosen = this.#chosen()
    const type = this.#many ? 'checkbox' : 'radio'
    return choices
      .map(({ value, label }, i) => {
        const own = { ...attributes, value, checked: chosen.has(value) }
        const required = this.required && !this.#many
        return `<label><input type="${type}"${this.#attributes(own, `${this.id}-${i}`, required)}>${escapeHtml(label)}</label>`
      })
      .join('')
  }

  #attributes(own: Attributes, id = this.id, required = this.required): string {
    const wrong = this.#state.problems.has(this.name)
    const described = [this.help === '' ? '' : `${this.id}-help`, wrong ? `${this.id}-error` : ''].filter(
      (one) => one !== '',
    )
    const all: [string, string | number | boolean][] = [
      ['id', id],
      ['name', this.name],
      ...Object.entries(own),
      ['required', required],
      ['aria-invalid', wrong ? 'true' : false],
      ['aria-describedby', described.length > 0 ? described.join(' ') : false],
    ]
    return all
      .filter(([, value]) => value !== false)
      .map(([name, value]) => (value === true ? ` ${name}` : ` ${name}="${escapeHtml(String(value))}"`))
      .join('')
  }
}

type Attributes = Readonly<Record<string, string | number | boolean>>

export function csrfInput(state: FormState): SafeHtml {
  if (state.token === null) return new SafeHtml('')
  return new SafeHtml(`<input type="hidden" name="${CSRF_FIELD}" value="${escapeHtml(state.token.csrfToken)}">`)
}

export function renderForm(controls: readonly FormControl[], state: FormState): SafeHtml {
  const whole = state.problems.get('')
  const error = whole === undefined ? '' : `<p class="error" role="alert">${escapeHtml(state.word(whole))}</p>`
  return new SafeHtml(csrfInput(state).html + error + controls.map((control) => control[renderHtml]().html).join(''))
}

/** `firstName` → `First name`. */
function labelOf(name: string): string {
  const words = name
    .replace(/Id$/, '')
    .replace(/[_-]+/g, ' ')
    .replace(/([a-z0-9])([A-Z])/g, (_, before: string, after: string) => `${before} ${after.toLowerCase()}`)
  return words.charAt(0).toUpperCase() + words.slice(1)
}
