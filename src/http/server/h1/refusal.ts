/** What a server does not take although it is an HTTP message, and how it says no. */
import type { HttpLimits } from '../../limits.ts'
import type { Framing } from '../../machine/framing.ts'
import { CONTENT_LENGTH, type Head } from '../../machine/head.ts'
import { reasonPhrase, statusLine } from '../../status.ts'
import type { Verdict } from '../../verdict.ts'
import { notAdmitted } from '../admission.ts'

/** What is well formed but not for this server, known from the head alone. */
export function admissionFault(head: Head, framing: Framing, limits: HttpLimits): Verdict | null {
  const about = { method: head.method, length: framing.length, content: framing.kind !== 'none' }
  return notAdmitted(about, limits, head.placeOf(CONTENT_LENGTH))
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
