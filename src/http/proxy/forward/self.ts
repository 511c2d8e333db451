/** Whether a connection leads back to where it comes from. */
import type { Address } from '../../../socket/address.ts'

/** Whether two addresses are one IP socket. */
export function sameAddress(a: Address, b: Address): boolean {
  return a.address !== undefined && a.address === b.address && a.port === b.port
}
