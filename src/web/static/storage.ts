/** Files as the framework reads and writes them; by what the platform has. */

/** A file that is open for reading. */
export interface OpenFile {
  readonly size: number
  readonly mtimeMillis: number
  /** A strong validator (RFC 9110 §8.8.3): size and time of change to the nanosecond. */
  readonly etag: string
  /** For a network that can send from it; null where the platform has none. */
  readonly descriptor: number | null
  /** Reads into the whole of `into` from `position` on; how many octets there were. */
  read(into: Uint8Array, position: number): Promise<number>
  close(): Promise<void>
}

/** A file that is being written beside its place, and put there when it is whole. */
export interface NewFile {
  write(bytes: Uint8Array): Promise<void>
  /** Puts it in its place. @param name of the file, which must not be there yet */
  keep(name: string): Promise<void>
  /** Takes it away. */
  discard(): Promise<void>
}
