/** The secret that signs sessions: a file that is made when the board first starts, and kept. */
import { randomBytes } from 'node:crypto'
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs'

/** Characters below which a file holds no secret of ours: a full disk has left it short. */
const SHORTEST = 32

/**
 * The secret of this file. Of two programs that start first at once, both get the same: the file is put in its place whole,
 * and never over another.
 */
export function secretIn(path: string): string {
  try {
    return checked(path, readFileSync(path, 'utf8'))
  } catch (error) {
    if ((error as { code?: string }).code !== 'ENOENT') throw error
  }
  const beside = `${path}.${process.pid}-${randomBytes(4).toString('hex')}`
  try {
    writeFileSync(beside, randomBytes(32).toString('base64url'), { mode: 0o600, flag: 'wx' })
    linkSync(beside, path)
  } catch (error) {
    if ((error as { code?: string }).code !== 'EEXIST') throw error
  } finally {
    rmSync(beside, { force: true })
  }
  return checked(path, readFileSync(path, 'utf8'))
}

function checked(path: string, secret: string): string {
  if (secret.length >= SHORTEST) return secret
  throw new Error(
    `${path} holds ${secret.length} characters, and a secret has ${SHORTEST}: delete the file and start again`,
  )
}
