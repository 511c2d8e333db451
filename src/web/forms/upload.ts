/** A file that a form sent, and the field that takes one. */
import { sizeText } from '../../base/size.ts'
import { FILE_LIMIT } from '../limits.ts'
import type { FormField, Parsed, Widget } from './field.ts'

export interface Upload {
  /** The last part of the name that the client gave, without control characters: to be shown, not to be opened. */
  readonly name: string
  /** The type that the client claims. */
  readonly type: string
  readonly bytes: Uint8Array
}

export interface FileOptions {
  /** Largest size in bytes. */
  readonly max?: number
  /** Types that are taken; told by the content, not by what the client says. `image/*` are PNG, JPEG, GIF, WebP. */
  readonly accept?: readonly FileType[]
  readonly label?: string
  readonly help?: string
}

export type FileType = keyof typeof SIGNATURES | 'image/*'

/** How the files of a type begin; null stands for any byte. */
const SIGNATURES = {
  'image/png': [[0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]],
  'image/jpeg': [[0xff, 0xd8, 0xff]],
  'image/gif': [[...Buffer.from('GIF87a')], [...Buffer.from('GIF89a')]],
  'image/webp': [[...Buffer.from('RIFF'), null, null, null, null, ...Buffer.from('WEBP')]],
  'application/pdf': [[...Buffer.from('%PDF-')]],
} as const satisfies Record<string, readonly (readonly (number | null)[])[]>

const IMAGES = ['image/png', 'image/jpeg', 'image/gif', 'image/webp'] as const

/** The type of a file by its first bytes, among those that can be told so; null for others. */
export function sniffType(bytes: Uint8Array): keyof typeof SIGNATURES | null {
  for (const [type, beginnings] of Object.entries(SIGNATURES)) {
    const fits = (beginning: readonly (number | null)[]) =>
      beginning.every((byte, i) => byte === null || bytes[i] === byte)
    if (beginnings.some(fits)) return type as keyof typeof SIGNATURES
  }
  return null
}

export class FileField<T extends Upload | null> implements FormField<T> {
  readonly options: FileOptions
  readonly required: boolean
  readonly widget: Widget
  readonly #taken: readonly string[] | null

  constructor(options: FileOptions, required: boolean) {
    this.options = options
    this.required = required
    this.#taken = options.accept?.flatMap((one): readonly string[] => (one === 'image/*' ? IMAGES : [one])) ?? null
    // What the browser offers to choose is what is taken: its own `image/*` has SVG and HEIC too.
    this.widget = { element: 'file', type: 'file', attributes: this.#taken ? { accept: this.#taken.join(',') } : {} }
  }

  /** No file need be sent: the value is null then. */
  optional(): FileField<Upload | null> {
    return new FileField(this.options, false)
  }

  parse(input: unknown): Parsed<T> {
    // JSON cannot hold a file: what stands in its place is a mistake that should be seen.
    if (input !== undefined && input !== null && !isUpload(input)) return { error: 'Choose a file.' }
    // A control with no file chosen is sent as an empty file without a name (HTML §4.10.22.4).
    const upload = input && (input.bytes.length > 0 || input.name !== '') ? input : null
    if (upload === null) return this.required ? { error: 'Choose a file.' } : { value: null as T }
    const max = this.options.max ?? FILE_LIMIT
    if (upload.bytes.length > max) return { error: `The file is larger than ${sizeText(max)}.` }
    if (this.#taken === null) return { value: upload as T }
    const type = sniffType(upload.bytes)
    if (type === null || !this.#taken.includes(type))
      return { error: `The file must be one of ${this.#taken.join(', ')}.` }
    return { value: { ...upload, type } as T }
  }
}

/** A file. `accept` and `max` are checked on the server, whatever the browser let through. */
export function file(options: FileOptions = {}): FileField<Upload> {
  return new FileField(options, true)
}

function isUpload(value: unknown): value is Upload {
  return typeof value === 'object' && value !== null && (value as Upload).bytes instanceof Uint8Array
}

/** Path parts and control characters taken off a name that a client gave. */
export function cleanFileName(name: string): string {
  const last = name.split(/[/\\]/).at(-1)!
  return last.replace(/[\x00-\x1f\x7f]/g, '').slice(0, 255)
}
