/** The field of a form that takes a file. */
import { problem } from '../../base/problem.ts'
import { sizeText } from '../../base/size.ts'
import { WEB_LIMITS } from '../limits.ts'
import { isUpload, type SniffedType, sniffType, type Upload } from '../request/upload.ts'
import type { FormField, Parsed, Widget } from './field.ts'

/** What files are taken. */
export interface UploadOptions {
  /** Largest size in bytes. */
  readonly max?: number
  /** Types that are taken; told by the content, not by what the client says. `image/*` are PNG, JPEG, GIF, WebP. */
  readonly accept?: readonly UploadType[]
  /** The text for people; made from the field's name when absent. */
  readonly label?: string
  /** A sentence beside the control. */
  readonly help?: string
}

/** A type of file that is told by its content. */
export type UploadType = SniffedType | 'image/*'

const IMAGES = ['image/png', 'image/jpeg', 'image/gif', 'image/webp'] as const

/** A file of a form, or the place for one. */
export class UploadField<T extends Upload | null> implements FormField<T> {
  readonly options: UploadOptions
  readonly required: boolean
  readonly widget: Widget
  readonly #taken: readonly string[] | null

  constructor(options: UploadOptions, required: boolean) {
    this.options = options
    this.required = required
    this.#taken = options.accept?.flatMap((one): readonly string[] => (one === 'image/*' ? IMAGES : [one])) ?? null
    // What the browser offers to choose is what is taken: its own `image/*` has SVG and HEIC too.
    this.widget = { element: 'file', type: 'file', attributes: this.#taken ? { accept: this.#taken.join(',') } : {} }
  }

  /** No file need be sent: the value is null then. */
  optional(): UploadField<Upload | null> {
    return new UploadField(this.options, false)
  }

  parse(input: unknown): Parsed<T> {
    // JSON cannot hold a file: what stands in its place is a mistake that should be seen.
    if (input !== undefined && input !== null && !isUpload(input))
      return { error: problem('file-required', 'Choose a file.') }
    // A control with no file chosen is sent as an empty file without a name (HTML §4.10.22.4).
    const upload = input && (input.bytes.length > 0 || input.name !== '') ? input : null
    if (upload === null)
      return this.required ? { error: problem('file-required', 'Choose a file.') } : { value: null as T }
    const max = this.options.max ?? WEB_LIMITS.fileBytes
    if (upload.bytes.length > max)
      return { error: problem('file-too-large', `The file is larger than ${sizeText(max)}.`, { max }) }
    if (this.#taken === null) return { value: upload as T }
    const type = sniffType(upload.bytes)
    if (type === null || !this.#taken.includes(type)) {
      const types = this.#taken.join(', ')
      return { error: problem('file-type', `The file must be one of ${types}.`, { types }) }
    }
    return { value: { ...upload, type } as T }
  }
}

/**
 * A control for a file. `accept` and `max` are checked on the server, whatever the browser let through.
 *
 * @example
 * const post = form({ title: f.text(120), picture: upload({ accept: ['image/*'], max: 5_000_000 }).optional() })
 */
export function upload(options: UploadOptions = {}): UploadField<Upload> {
  return new UploadField(options, true)
}
