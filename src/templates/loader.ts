/** Where templates come from. */

/** A template's text, and a mark that changes when it does. */
export interface Loaded {
  readonly text: string
  /** The file, for messages. */
  readonly path?: string
  readonly version: string
}

/** Finds templates by name: `DirectoryLoader` of `reticle/templates/node` in folders, `ObjectLoader` in an object. */
export interface Loader {
  /** Null when there is none of that name. */
  load(name: string): Loaded | null
  /** The version that `load` would give, without reading; null when it is gone. */
  version(name: string): string | null
  /** Where it looks, for messages. */
  readonly where: string
}

/** Templates from an object: for tests, and for programs that carry theirs along. */
export class ObjectLoader implements Loader {
  readonly #templates: { readonly [name: string]: string }
  readonly where = 'the object given'

  constructor(templates: { readonly [name: string]: string }) {
    this.#templates = templates
  }

  load(name: string): Loaded | null {
    const text = Object.hasOwn(this.#templates, name) ? this.#templates[name] : undefined
    return text === undefined ? null : { text, version: text }
  }

  version(name: string): string | null {
    return this.load(name)?.version ?? null
  }
}
