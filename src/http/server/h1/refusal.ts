/** What a server does not take although it is an HTTP message, and how it says no. */
import { sizeText } from '../../../base/size.ts'
import type { HttpLimits } from '../../limits.ts'
import type { Framing } from '../../machine/framing.ts'
import { CONTENT_LENGTH, type Head } from '../../machine/head.ts'
import { reasonPhrase, statusLine } from '../../status.ts'
import { Verdict } from '../../verdict.ts'

const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'QUERY'])

/** RFC 9110 §9.2.1: a request that asks for nothing but information. */
export function isSafe(method: string): boolean {
  return SAFE.has(method)
}

/** What is well formed but not for this server, known from the head alone. */
export function admissionFault(head: Head, framing: Framing, limits: HttpLimits): Verdict | null {
  // No registered method has a lower-case letter; methods are case-sensitive (RFC 9110 §9.1).
  if (!SAFE.has(head.method) && /[a-z]/.test(head.method)) return new Verdict(501, `unknown method ${head.method}`, 0)
  if (framing.length > limits.bodyBytes)
    return new Verdict(413, `the body is longer than ${sizeText(limits.bodyBytes)}`, head.placeOf(CONTENT_LENGTH))
  if (head.method === 'TRACE' && framing.kind !== 'none')
    return new Verdict(400, 'TRACE with a body', head.placeOf(CONTENT_LENGTH))
  return null
}

/** A whole error reply, after which the connection closes. */
export function refusalReply(verdict: Verdict, date: string): string {
  const text = `${verdict.status} ${reasonPhrase(verdict.status)}: ${verdict}\n`
  // The reason may name what the client sent; what ISO-8859-1 lacks (our own punctuation) is spelled in ASCII.
  const body = text.replace(/’/g, "'")
  return (
    `${statusLine(verdict.status)}${date}Content-Type: text/plain\r\nContent-Length: ${body.length}\r\n` +
    `X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n${body}`
  )
}
