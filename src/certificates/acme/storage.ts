/** Where accounts and certificates are kept from one run of a program to the next. */

/** A place for texts by name. They hold private keys. */
export interface CertificateStorage {
  /** Null where there is none. */
  read(name: string): Promise<string | null>
  /** In place of what was there: whole, or not at all. */
  write(name: string, text: string): Promise<void>
}

/** Keeps them as long as the process lives: for tests. A program that has none kept asks for new ones at every start. */
export function memoryStorage(): CertificateStorage {
  const texts = new Map<string, string>()
  return {
    read: (name) => Promise.resolve(texts.get(name) ?? null),
    write: (name, text) => {
      texts.set(name, text)
      return Promise.resolve()
    },
  }
}
