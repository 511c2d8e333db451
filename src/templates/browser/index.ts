/** What stands in the place of templates from files where there are no files. */
import type { Loaded, Loader } from '../loader.ts'

/** @throws TypeError at once: a browser has no folder; give `new Templates({ 'home.html': '…' })`. */
export class DirectoryLoader implements Loader {
  readonly where = ''

  constructor(..._directories: readonly string[]) {
    throw new TypeError("a browser has no folder of templates: use new Templates({ 'home.html': '…' })")
  }

  load(): Loaded | null {
    return null
  }

  version(): string | null {
    return null
  }
}
