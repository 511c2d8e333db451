/**
 * Password hashes in the PHC string format, so that a hash says itself how it was made and can be made anew when the
 * parameters grow: `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`, `$scrypt$ln=15,r=8,p=3$salt$hash`.
 * Parameters: OWASP Password Storage Cheat Sheet. Argon2id (RFC 9106) where Node has it, else scrypt (RFC 7914).
 */
import crypto, { scrypt, timingSafeEqual } from 'node:crypto'
import { HASHES_AT_ONCE, HASHES_WAITING, PASSWORD_LIMIT } from '../limits.ts'
import type { Machine } from '../machine.ts'
import { randomBytes } from '../random-bytes.ts'
import { Turns } from '../turns.ts'
import { currentMachine } from '../work.ts'

const SALT = 16
const HASH = 32
const SCRYPT = { ln: 15, r: 8, p: 3 }
const ARGON2 = { m: 19_456, t: 2, p: 1 }
/** No hash with larger parameters is verified: a stored hash must not be able to eat the machine. */
const LARGEST = { ln: 17, r: 16, p: 16, m: 1_048_576, t: 16 }

interface Argon2Parameters {
  readonly message: Buffer
  readonly nonce: Uint8Array
  readonly parallelism: number
  readonly tagLength: number
  readonly memory: number
  readonly passes: number
}
type Argon2 = (
  kind: 'argon2id',
  parameters: Argon2Parameters,
  done: (error: Error | null, hash: Buffer) => void,
) => void
/** Since Node 24.7; undefined where the build's OpenSSL lacks it. */
const argon2 = (crypto as { argon2?: Argon2 }).argon2

const turns = new Turns(HASHES_AT_ONCE, HASHES_WAITING)

/** How a password is hashed: `argon2id` (RFC 9106) or `scrypt` (RFC 7914). */
export type PasswordAlgorithm = 'argon2id' | 'scrypt'

/**
 * The hash to store of a password. Takes some tens of milliseconds in the thread pool.
 * @param machine whose randomness salts it, and whose clock waits meanwhile; that of the code around by default
 * @throws RangeError for a password longer than the limit, or empty.
 */
export async function hashPassword(
  password: string,
  machine: Machine = currentMachine(),
  algorithm: PasswordAlgorithm = argon2 ? 'argon2id' : 'scrypt',
): Promise<string> {
  const bytes = Buffer.byteLength(password)
  if (bytes === 0 || bytes > PASSWORD_LIMIT)
    throw new RangeError(`a password of ${bytes} bytes: it must have 1 to ${PASSWORD_LIMIT}`)
  const salt = randomBytes(machine, SALT)
  const made: Hash = { algorithm, ...(algorithm === 'scrypt' ? SCRYPT : ARGON2), salt, hash: Buffer.alloc(HASH) }
  return write({ ...made, hash: await compute(password, made, machine) })
}

/**
 * Whether the password is the one that was hashed. False for a hash that cannot be read. For an account that does not
 * exist give null: it takes as long, so that the time does not tell which accounts there are.
 */
export async function verifyPassword(
  password: string,
  stored: string | null,
  machine: Machine = currentMachine(),
): Promise<boolean> {
  if (Buffer.byteLength(password) > PASSWORD_LIMIT) return false
  const parsed = stored === null ? nobody() : read(stored)
  if (parsed === null) return false
  const hash = await compute(password, parsed, machine)
  return timingSafeEqual(hash, parsed.hash) && stored !== null
}

/** Whether the hash was made with other parameters than are used now: make it anew at the next login. */
export function needsRehash(stored: string): boolean {
  const parsed = read(stored)
  if (parsed === null) return true
  if (parsed.algorithm === 'argon2id') return parsed.m !== ARGON2.m || parsed.t !== ARGON2.t || parsed.p !== ARGON2.p
  return argon2 !== undefined || parsed.ln !== SCRYPT.ln || parsed.r !== SCRYPT.r || parsed.p !== SCRYPT.p
}

/** Whether a text is a hash of this file's making, and not a password. */
export function isPasswordHash(text: string): boolean {
  return read(text) !== null
}

interface Hash {
  readonly algorithm: PasswordAlgorithm
  /** scrypt: log2 of N, block size. */
  readonly ln?: number
  readonly r?: number
  /** argon2: KiB, passes. */
  readonly m?: number
  readonly t?: number
  readonly p: number
  readonly salt: Uint8Array
  readonly hash: Buffer
}

function nobody(): Hash {
  const parameters = argon2 ? ARGON2 : SCRYPT
  return {
    algorithm: argon2 ? 'argon2id' : 'scrypt',
    ...parameters,
    salt: Buffer.alloc(SALT),
    hash: Buffer.alloc(HASH),
  }
}

function compute(password: string, of: Hash, machine: Machine): Promise<Buffer> {
  const message = Buffer.from(password.normalize('NFKC')) // NIST SP 800-63B §5.1.1.2: one password, one encoding
  const work = turns.take(
    () =>
      new Promise<Buffer>((resolve, reject) => {
        const done = (error: Error | null, hash: Buffer) => (error ? reject(error) : resolve(hash))
        if (of.algorithm === 'scrypt') {
          const N = 2 ** of.ln!
          scrypt(message, of.salt, of.hash.length, { N, r: of.r!, p: of.p, maxmem: 256 * N * of.r! }, done)
        } else if (argon2 === undefined) reject(new Error('this Node has no argon2: it needs 24.7 or later'))
        else
          argon2(
            'argon2id',
            { message, nonce: of.salt, parallelism: of.p, tagLength: of.hash.length, memory: of.m!, passes: of.t! },
            done,
          )
      }),
  )
  return machine.clock.hold(work)
}

function write(of: Hash): string {
  const parameters =
    of.algorithm === 'scrypt'
      ? `$scrypt$ln=${of.ln},r=${of.r},p=${of.p}`
      : `$argon2id$v=19$m=${of.m},t=${of.t},p=${of.p}`
  return `${parameters}$${base64(of.salt)}$${base64(of.hash)}`
}

/** PHC strings use standard base64 without padding. */
function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replace(/=+$/, '')
}

const FORMAT =
  /^\$(?:scrypt\$ln=(\d{1,2}),r=(\d{1,3}),p=(\d{1,3})|argon2id\$v=19\$m=(\d{1,8}),t=(\d{1,3}),p=(\d{1,3}))\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/

function read(stored: string): Hash | null {
  const found = FORMAT.exec(stored)
  if (found === null) return null
  const number = (i: number) => (found[i] === undefined ? undefined : Number(found[i]))
  const numbers = { ln: number(1), r: number(2), m: number(4), t: number(5), p: number(3) ?? number(6) ?? 0 }
  for (const [name, most] of Object.entries(LARGEST)) {
    const value = numbers[name as keyof typeof numbers]
    if (value !== undefined && (value < 1 || value > most)) return null
  }
  const algorithm = numbers.ln === undefined ? 'argon2id' : 'scrypt'
  const bytes = (i: number) => Buffer.from(found[i]!, 'base64')
  return { algorithm, ...numbers, salt: bytes(7), hash: bytes(8) } as Hash
}
