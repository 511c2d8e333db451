/** Where templates come from. */
import { readFileSync, realpathSync, statSync } from 'node:fs'
import { join, sep } from 'node:path'

/** A template's text, and a mark that changes when it does. */
export interface Loaded {
  readonly text: string
  readonly path?: string
  readonly version: string
}

export interface Loader {
  /** Null when there is none of that name. */
  load(name: string): Loaded | null
  /** The version that `load` would give, without reading; null when it is gone. */
  version(name: string): string | null
  /** Where it looks, for messages. */
  readonly where: string
}

/** `posts/show.html`: names of files and folders, none of which begins with a dot. */
function validName(name: string): boolean {
  return name.length <= 255 && name.split('/').every((part) => /^[^.\\\0/:][^\\\0/:]*$/.test(part))
}

/** Files below one or several folders; the first that has the file wins, so that a site can override an app's templates. */
export class DirectoryLoader implements Loader {
  readonly #roots: readonly string[]

  constructor(...directories: readonly string[]) {
    this.#roots = directories
  }

  get where(): string {
    return this.#roots.join(', ')
  }

  load(name: string): Loaded | null {
    const path = this.#find(name)
    if (path === null) return null
    return { text: readFileSync(path, 'utf8').replace(/^\ufeff/, ''), path, version: versionOf(path) }
  }

  version(name: string): string | null {
    const path = this.#find(name)
    return path === null ? null : versionOf(path)
  }

  #find(name: string): string | null {
    if (!validName(name)) return null
    for (const root of this.#roots) {
      const real = realpath(join(root, name))
      // A link may lead about inside the folder, not out of it.
      if (real?.startsWith(`${realpath(root)}${sep}`) && statSync(real).isFile()) return real
    }
    return null
  }
}

function realpath(path: string): string | null {
  try {
    return realpathSync(path)
  } catch {
    return null
  }
}

function versionOf(path: string): string {
  const { mtimeMs, size, ino } = statSync(path)
  return `${path}:${mtimeMs}:${size}:${ino}`
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
