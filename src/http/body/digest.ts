/** Digests of content (RFC 9530): what a message's bytes must hash to, checked as they come. */
import { Fault } from '../../base/fault.ts'
import { Sha256, sameOctets, sha256 } from '../../base/sha256.ts'
import { BodyError } from '../errors.ts'
import type { MessageBody } from '../exchange.ts'
import { formatStructuredDictionary } from '../fields/structured/format.ts'
import { parseStructuredDictionary } from '../fields/structured/parse.ts'
import { tappedBody } from './tapped.ts'

/** The algorithm of §5 that is made and checked here. */
const ALGORITHM = 'sha-256'
const HASH_BYTES = 32

/**
 * A Content-Digest or Repr-Digest field for bytes (§2, §3).
 *
 * @example
 * exchange.reply(200, ['Content-Digest', formatDigest(bytes)], bytes)
 */
export function formatDigest(bytes: Uint8Array): string {
  const item = { type: 'bytes', value: sha256(bytes) } as const
  return formatStructuredDictionary(new Map([[ALGORITHM, { item, parameters: new Map() }]]))
}

/**
 * The SHA-256 of a Content-Digest or Repr-Digest field; null where the field has only other algorithms, which are ignored (§2).
 * @returns a Fault for what is no such field.
 */
export function parseDigest(field: string): Uint8Array | null | Fault {
  const digests = parseStructuredDictionary(field)
  if (digests instanceof Fault) return digests
  const found = digests.get(ALGORITHM)
  if (found === undefined) return null
  if (!('item' in found) || found.item.type !== 'bytes' || found.item.value.length !== HASH_BYTES)
    return new Fault(`${ALGORITHM} must be a byte sequence of ${HASH_BYTES} octets`, 0)
  return found.item.value
}

/**
 * A body that ends with a `BodyError` (400) where its bytes do not hash to what its Content-Digest says. The bytes are handed on as
 * they come: nothing of them is sure before the end.
 * @param digest as `parseDigest` gives it
 *
 * @example
 * const digest = parseDigest(exchange.header('content-digest') ?? '')
 * if (digest instanceof Uint8Array) await store(checkedBody(exchange.body, digest).stream())
 */
export function checkedBody(of: MessageBody, digest: Uint8Array, contentType?: string): MessageBody {
  const hash = new Sha256()
  return tappedBody(of, contentType, {
    data: (bytes) => hash.update(bytes),
    end: (failure) =>
      failure !== null || sameOctets(hash.digest(), digest)
        ? failure
        : new BodyError(400, 'the body does not hash to its Content-Digest'),
  })
}
