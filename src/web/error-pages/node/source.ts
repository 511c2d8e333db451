/** The program's own source, for the page that explains an error. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Null for a file that cannot be read. */
export function readSource(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null // it was never there, or is gone
  }
}

/** The path of a `file:` URL; the URL itself when it is none. */
export function pathOf(url: string): string {
  try {
    return fileURLToPath(url)
  } catch {
    return url
  }
}
