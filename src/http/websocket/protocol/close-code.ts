/** Why a WebSocket is closed, as numbers (RFC 6455 §7.4, IANA's registry of 2026). */

/** The codes that a Close frame may carry and programs have a use for, by name. */
export const CLOSE_CODE = Object.freeze({
  /** What it was opened for is done. */
  normal: 1000,
  /** The server shuts down, or the page is left. */
  goingAway: 1001,
  /** The other side broke the protocol. */
  protocolError: 1002,
  /** A kind of message that this side does not take: binary where text is wanted. */
  unsupportedData: 1003,
  /** A message that is not what its kind says: text that is not UTF-8. */
  invalidData: 1007,
  /** Against the rules of this side, of which there is no more to say. */
  policyViolation: 1008,
  /** A message is too long. */
  messageTooBig: 1009,
  /** The client wanted an extension that the server did not agree to. */
  extensionMissing: 1010,
  /** This side has failed. */
  internalError: 1011,
  /** The server starts anew: come again. */
  serviceRestart: 1012,
  /** The server has too much to do. */
  tryAgainLater: 1013,
} as const)

/** Said of a close without a code; never sent (RFC 6455 §7.1.5). */
export const NO_CODE = 1005
/** Said of a connection that ended without a Close frame; never sent. */
export const ABNORMAL = 1006

/** RFC 6455 §7.4: whether a Close frame may carry the code. */
export function isCloseCode(code: number): boolean {
  if (!Number.isInteger(code)) return false
  if (code >= 3000) return code <= 4999
  return code >= 1000 && code <= 1014 && code !== 1004 && code !== NO_CODE && code !== ABNORMAL
}
