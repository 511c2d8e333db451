/** Which requests a server takes, whichever version of HTTP brings them. */
import { sizeText } from '../../base/size.ts'
import type { HttpLimits } from '../limits.ts'
import { Verdict } from '../verdict.ts'

const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'QUERY'])

/** RFC 9110 §9.2.1: a request that asks for nothing but information. */
export function isSafe(method: string): boolean {
  return SAFE.has(method)
}

/** What a head says of its request. */
export interface Asked {
  readonly method: string
  /** Content-Length; below 0 where the head does not say. */
  readonly length: number
  /** Whether content comes. */
  readonly content: boolean
}

/** What is well formed but not for this server, known from the head alone. @param at where the length stands */
export function notAdmitted({ method, length, content }: Asked, limits: HttpLimits, at: number): Verdict | null {
  // No registered method has a lower-case letter; methods are case-sensitive (RFC 9110 §9.1).
  if (!SAFE.has(method) && /[a-z]/.test(method)) return new Verdict(501, `unknown method ${method}`, 0)
  if (length > limits.bodyBytes) return new Verdict(413, `the body is longer than ${sizeText(limits.bodyBytes)}`, at)
  if (method === 'TRACE' && content) return new Verdict(400, 'TRACE with a body', at)
  return null
}
