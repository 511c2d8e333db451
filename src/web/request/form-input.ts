/** What a form sent, before anybody has looked at it. */
import { HttpError } from '../errors.ts'
import type { Upload } from './upload.ts'

/** The fields of a form as they were sent, in order of arrival, under their names; a Map, so that a name like `__proto__` is a name like any other. */
export class FormInput {
  /** The texts of each name, in order. */
  readonly texts: ReadonlyMap<string, readonly string[]>
  /** The files of each name, in order. */
  readonly files: ReadonlyMap<string, readonly Upload[]>
  /** Why files were not kept that were sent, by the name of their control: they, or all together, are too large. */
  readonly oversized: ReadonlyMap<string, string>

  constructor(
    texts: ReadonlyMap<string, readonly string[]>,
    files: ReadonlyMap<string, readonly Upload[]> = new Map(),
    oversized: ReadonlyMap<string, string> = new Map(),
  ) {
    this.texts = texts
    this.files = files
    this.oversized = oversized
  }

  /** @throws HttpError 413 when a file was too large whose control is none of those that can show it. */
  refuseOversized(shown: (name: string) => boolean = () => false): this {
    for (const [name, why] of this.oversized) if (!shown(name)) throw new HttpError(413, why)
    return this
  }

  /** The last text of that name: what a checkbox with a hidden input before it relies on. */
  get(name: string): string | undefined {
    return this.texts.get(name)?.at(-1)
  }
  /** All texts of that name, in order. */
  getAll(name: string): readonly string[] {
    return this.texts.get(name) ?? []
  }
  /** The last file of that name. */
  file(name: string): Upload | undefined {
    return this.files.get(name)?.at(-1)
  }
}
