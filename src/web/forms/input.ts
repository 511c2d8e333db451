/** What a form sent, before anybody has looked at it. */
import type { Upload } from './upload.ts'

/** In order of arrival, under their names; a Map, so that a name like `__proto__` is a name like any other. */
export class FormInput {
  readonly texts: ReadonlyMap<string, readonly string[]>
  readonly files: ReadonlyMap<string, readonly Upload[]>

  constructor(
    texts: ReadonlyMap<string, readonly string[]>,
    files: ReadonlyMap<string, readonly Upload[]> = new Map(),
  ) {
    this.texts = texts
    this.files = files
  }

  /** The last text of that name: what a checkbox with a hidden input before it relies on. */
  get(name: string): string | undefined {
    return this.texts.get(name)?.at(-1)
  }
  getAll(name: string): readonly string[] {
    return this.texts.get(name) ?? []
  }
  file(name: string): Upload | undefined {
    return this.files.get(name)?.at(-1)
  }
}
