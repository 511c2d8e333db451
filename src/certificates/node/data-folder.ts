/** Where programs of a user keep their data on this system. */
import { homedir } from 'node:os'
import { join } from 'node:path'
import { CertificateError } from '../errors.ts'

/** `~/.local/share/reticle` (XDG Base Directory), `~/Library/Application Support/reticle`, `%LOCALAPPDATA%\reticle`. */
export function dataFolder(platform: NodeJS.Platform = process.platform, environment = process.env): string {
  const set = (name: string): string | null => environment[name] || null
  if (platform === 'win32') return join(set('LOCALAPPDATA') ?? join(home(), 'AppData', 'Local'), 'reticle')
  if (platform === 'darwin') return join(home(), 'Library', 'Application Support', 'reticle')
  const shared = set('XDG_DATA_HOME')
  // The specification: a path that is not absolute is to be ignored.
  return join(shared?.startsWith('/') === true ? shared : join(home(), '.local', 'share'), 'reticle')
}

function home(): string {
  const found = homedir()
  if (found === '')
    throw new CertificateError(
      'CERTIFICATE_FILES',
      'this user has no home folder: set XDG_DATA_HOME to a folder for data',
    )
  return found
}
