/** Which names public authorities give certificates for. */
import { ipVersion } from '../../base/ip.ts'

/** Names of one machine, of private networks, for tests and documents (RFC 6761, RFC 6762, RFC 8375, RFC 9476). */
const PRIVATE = ['localhost', 'local', 'test', 'internal', 'home.arpa', 'lan', 'invalid', 'onion', 'alt']

export function isPublic(name: string): boolean {
  if (ipVersion(name) !== 0 || !name.includes('.')) return false
  return !PRIVATE.some((ending) => name === ending || name.endsWith(`.${ending}`))
}
