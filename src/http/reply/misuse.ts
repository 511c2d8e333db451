/** The checks of what a handler asks of its exchange, the same wherever the exchange came from. */
import { HttpMisuse } from '../errors.ts'
import type { FieldLines } from '../exchange.ts'
import { fieldValue } from '../fields/lines.ts'
import { statusLine } from '../status.ts'

/** @throws HttpMisuse for a status that no final reply can have, and for a second reply. */
export function requireFinal(status: number, answered: boolean): void {
  if (answered) throw answeredAlready()
  statusLine(status)
  if (status < 200)
    throw new HttpMisuse(
      'HTTP_INVALID_STATUS',
      `${status} is an interim status: inform() sends those, upgrade() sends 101`,
    )
}

/** @throws HttpMisuse for a status that is not interim, and after the final reply. */
export function requireInterim(status: number, answered: boolean): void {
  if (status < 100 || status > 199 || status === 101)
    throw new HttpMisuse('HTTP_INVALID_STATUS', `inform() sends statuses from 100 to 199 other than 101, not ${status}`)
  statusLine(status)
  if (answered)
    throw new HttpMisuse(
      'HTTP_ALREADY_ANSWERED',
      'inform() was called after the final reply: interim responses come first',
    )
}

/** @param method of the request. @throws HttpMisuse for a status and fields that switch nothing, and after the reply. */
export function requireSwitch(status: number, fields: FieldLines, method: string, answered: boolean): void {
  if (answered) throw answeredAlready()
  if ((status === 101) === (method === 'CONNECT'))
    throw cannotUpgrade(`${method} is switched by ${status === 101 ? 200 : 101}, not by ${status}`)
  // RFC 9110 §15.2.2
  if (status === 101 && fieldValue(fields, 'upgrade') === undefined)
    throw cannotUpgrade('101 needs an Upgrade field that names the protocol')
}

export function cannotUpgrade(why: string): HttpMisuse {
  return new HttpMisuse('HTTP_CANNOT_UPGRADE', `upgrade() cannot switch protocols: ${why}`)
}

/** The request asks for no other protocol. */
export const NOT_OFFERED = 'the request asks for no other protocol: Connection: upgrade with Upgrade, or CONNECT'

function answeredAlready(): HttpMisuse {
  return new HttpMisuse(
    'HTTP_ALREADY_ANSWERED',
    'the request has been answered already: a request gets one final reply',
  )
}
