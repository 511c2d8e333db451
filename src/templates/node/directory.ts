/** Templates from files, where there is Node. */
import { readFileSync, realpathSync, statSync } from 'node:fs'
import { join, sep } from 'node:path'
import type { Loaded, Loader } from '../loader.ts'

/** `posts/show.html`: names of files and folders, none of which begins with a dot. */
function validName(name: string): boolean {
  return name.split('/').every((part) => /^[^.\\\0/:][^\\\0/:]*$/.test(part))
}

/**
 * Files below one or several folders; the first that has the file wins, so that a site can override an app's templates.
 *
 *     const templates = new Templates(new DirectoryLoader('templates'), { debug: true })
 *     templates.render('posts/show.html', { post })
 */
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
