/** Forms as HTML: controls with their labels, help and errors, everything that anybody wrote escaped. */

import { escapeHtml } from '../../templates/escape/escape.ts'
import { renderHtml, SafeHtml } from '../../templates/safe.ts'
import { CSRF_FIELD } from '../security/csrf.ts'
import type { FormField, Widget } from './field.ts'

export interface FormState {
  /** What stands in the controls. Never a password. */
  readonly texts: ReadonlyMap<string, string>
  readonly errors: Map<string, string>
  readonly token: { readonly csrfToken: string } | null
}

/** One field of a form as templates see it. */
export class FormControl {
  readonly name: string
  readonly id: string
  readonly label: string
  readonly help: string
  readonly required: boolean
  readonly #widget: Widget
  readonly #state: FormState

  constructor(name: string, field: FormField<unknown>, state: FormState) {
    this.name = name
    this.id = `field-${name}`
    this.label = field.options?.label ?? labelOf(name)
    this.help = field.options?.help ?? ''
    this.required = field.required ?? false
    this.#widget = field.widget
    this.#state = state
  }

  /** The text that stands in the control. */
  get value(): string {
    return this.#state.texts.get(this.name) ?? ''
  }

  /** What is wrong with it, '' for nothing. */
  get error(): string {
    return this.#state.errors.get(this.name) ?? ''
  }

  /** The control alone, without label and error. */
  get control(): SafeHtml {
    return new SafeHtml(this.#control())
  }

  [renderHtml](): SafeHtml {
    const error = this.#state.errors.get(this.name)
    const label = `<label for="${this.id}">${escapeHtml(this.label)}</label>`
    const help = this.help === '' ? '' : `<small id="${this.id}-help">${escapeHtml(this.help)}</small>`
    const wrong = error === undefined ? '' : `<span class="error" id="${this.id}-error">${escapeHtml(error)}</span>`
    const control = this.#control()
    const parts = this.#widget.element === 'checkbox' ? control + label : label + control
    return new SafeHtml(`<div class="field${wrong === '' ? '' : ' wrong'}">${parts}${help}${wrong}</div>`)
  }

  #control(): string {
    const { element, type, attributes, choices } = this.#widget
    const text = this.#state.texts.get(this.name) ?? ''
    const common = this.#attributes(attributes ?? {})
    switch (element) {
      case 'textarea':
        // A line feed right after the tag is dropped by HTML parsers: one more keeps the text's own.
        return `<textarea${common}>\n${escapeHtml(text)}</textarea>`
      case 'select':
        return `<select${common}>${this.required ? '' : '<option value=""></option>'}${(choices ?? [])
          .map(
            ({ value, label }) =>
              `<option value="${escapeHtml(value)}"${value === text ? ' selected' : ''}>${escapeHtml(label)}</option>`,
          )
          .join('')}</select>`
      case 'checkbox': {
        const ticked = text !== '' && text !== 'false' && text !== '0' && text !== 'off'
        return `<input type="checkbox" value="on"${common}${ticked ? ' checked' : ''}>`
      }
      case 'file':
        return `<input type="file"${common}>`
      default:
        return `<input type="${escapeHtml(type ?? 'text')}" value="${type === 'password' ? '' : escapeHtml(text)}"${common}>`
    }
  }

  #attributes(own: Readonly<Record<string, string | number | boolean>>): string {
    const described = [
      this.help === '' ? '' : `${this.id}-help`,
      this.#state.errors.has(this.name) ? `${this.id}-error` : '',
    ].filter((id) => id !== '')
    const all: [string, string | number | boolean][] = [
      ['id', this.id],
      ['name', this.name],
      ...Object.entries(own),
      ['required', this.required],
      ['aria-invalid', this.#state.errors.has(this.name) ? 'true' : false],
      ['aria-describedby', described.length > 0 ? described.join(' ') : false],
    ]
    return all
      .filter(([, value]) => value !== false)
      .map(([name, value]) => (value === true ? ` ${name}` : ` ${name}="${escapeHtml(String(value))}"`))
      .join('')
  }
}

export function csrfInput(state: FormState): SafeHtml {
  if (state.token === null) return new SafeHtml('')
  return new SafeHtml(`<input type="hidden" name="${CSRF_FIELD}" value="${escapeHtml(state.token.csrfToken)}">`)
}

export function renderForm(controls: readonly FormControl[], state: FormState): SafeHtml {
  const whole = state.errors.get('')
  const error = whole === undefined ? '' : `<p class="error" role="alert">${escapeHtml(whole)}</p>`
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
