/** Accounts and certificates in a folder that its user alone can read. */
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { CertificateStorage } from '../acme/storage.ts'
import { dataFolder } from './data-folder.ts'

/** @param folder default: `certificates` in the user's data folder. Made where it is missing, mode 0700, its files 0600. */
export function folderStorage(folder: string = join(dataFolder(), 'certificates')): CertificateStorage {
  return {
    async read(name) {
      try {
        return await readFile(join(folder, name), 'utf8')
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
        throw error
      }
    },
    async write(name, text) {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      const draft = join(folder, `${name}.${process.pid}.new`)
      try {
        // Made anew, never opened: what lies there could be a link, or a file that others can read.
        await rm(draft, { force: true })
        const file = await open(draft, 'wx', 0o600)
        try {
          await file.writeFile(text)
          await file.sync()
        } finally {
          await file.close()
        }
        await rename(draft, join(folder, name))
      } catch (error) {
        await rm(draft, { force: true })
        throw error
      }
    },
  }
}
