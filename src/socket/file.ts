/** Files and large memory into a connection: by the connection's own means where it has them, else by copying. */
import { CodedError } from '../base/errors.ts'
import type { Connection, FileSource } from './host.ts'

/** A file that is shorter than what was to be sent of it. */
export class FileTooShort extends CodedError {
  override readonly name = 'FileTooShort'
  readonly code = 'FILE_TOO_SHORT'

  constructor(wanted: number, sent: number) {
    super(`the file has ended after ${sent} of the ${wanted} bytes that were to be sent: it was cut meanwhile`)
  }
}

/** Read at once where bytes are copied: a turn's worth of most send buffers, little memory per transfer. */
const PIECE = 65_536

/**
 * Sends `length` bytes of the file from `offset` on, after what was written before.
 * Resolves when the connection has handed them to the network below.
 * @throws SocketError what ended the connection; FileTooShort; what `read` throws.
 */
export async function sendFile(
  connection: Connection,
  file: FileSource,
  offset: number,
  length: number,
): Promise<void> {
  if (connection.sendFile !== undefined) await connection.sendFile(file, offset, length)
  else await copyFile(connection, file, offset, length)
}

/** The same by reading and writing, for a host that has no other way, or not for this file. */
export async function copyFile(
  connection: Connection,
  file: FileSource,
  offset: number,
  length: number,
): Promise<void> {
  const memory = new Uint8Array(Math.min(PIECE, length))
  for (let sent = 0; sent < length; ) {
    const count = await file.read(memory.subarray(0, Math.min(memory.length, length - sent)), offset + sent)
    if (count === 0) throw new FileTooShort(length, sent)
    sent += count
    if (!connection.write(memory.subarray(0, count))) await connection.flush()
  }
  await connection.flush()
}

/**
 * Writes memory that stays untouched until `released` is called, which lets a host send without copying.
 * @returns what `write` answers.
 */
export function writeOwned(connection: Connection, bytes: Uint8Array, released: () => void): boolean {
  if (connection.writeOwned !== undefined) return connection.writeOwned(bytes, released)
  const more = connection.write(bytes)
  released()
  return more
}
