/** What a form needs of a field: how text becomes a value, and how it is shown. The fields of models are such fields. */

export type Parsed<T> =
  | { readonly value: T; readonly error?: undefined }
  | { readonly error: string; readonly value?: undefined }

export interface Choice {
  readonly value: string
  readonly label: string
}

/** How a field is shown in HTML. */
export interface Widget {
  /** `input` takes `type`; a `checkbox` is an input that is on or off. */
  readonly element: 'input' | 'textarea' | 'select' | 'checkbox' | 'file'
  /** The input's type: text, email, password, number, date, datetime-local, url, hidden, … */
  readonly type?: string
  /** More attributes: `maxlength`, `min`, `accept`, … */
  readonly attributes?: Readonly<Record<string, string | number | boolean>>
  readonly choices?: readonly Choice[]
}

export interface FormField<T = unknown> {
  /**
   * The value of what was sent: the text of the control, undefined when it was not sent (an unticked checkbox),
   * an `Upload` for a file. Never throws.
   */
  parse(input: unknown): Parsed<T>
  readonly widget: Widget
  /** `label`: the text for people, made from the field's name when absent; `help`: a sentence beside the control. */
  readonly options?: { readonly label?: string | undefined; readonly help?: string | undefined }
  /** Whether the control must be filled in. */
  readonly required?: boolean
  /** The text that stands in the control for a value; `String(value)` when absent. */
  format?(value: unknown): string
}

type Given<R> = R extends { readonly error?: undefined; readonly value: infer T } ? T : never

/** The type that a field's `parse` gives. */
export type ValueOf<F> = F extends { parse(input: unknown): infer R } ? Given<R> : never
