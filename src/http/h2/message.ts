/** Whether fields are a request or a reply (RFC 9113 §8): what is not is malformed, and its stream is reset. */
import { isTargetCode, isToken } from '../fields/characters.ts'
import { parseLength } from '../machine/framing.ts'
import { isAuthority } from '../machine/target.ts'
import { type Field, Kind } from './field.ts'

/** What the head of a message says about itself. */
export interface MessageHead {
  /** '' in a reply. */
  readonly method: string
  readonly scheme: string
  /** '' where a request has none. */
  readonly authority: string
  readonly path: string
  /** Of an extended CONNECT (RFC 8441); null of any other message. */
  readonly protocol: string | null
  /** 0 in a request. */
  readonly status: number
  /** Content-Length; -1 where the head does not say. */
  readonly length: number
  /** Priority (RFC 9218 §5), '' for none. */
  readonly priority: string
  /** Without pseudo-header fields. */
  readonly fields: readonly Field[]
}

/** Pseudo-header fields that came, and what regular fields say to the framing. */
class Parts {
  method = ''
  scheme = ''
  authority: string | null = null
  path = ''
  protocol: string | null = null
  status = ''
  host: string | null = null
  length = -1
  priority = ''
  /** Bits by kind of the pseudo-header fields. */
  seen = 0
  /** Where the regular fields begin. */
  start = 0
}

const { method, scheme, authority, path, protocol, status } = Kind
const bit = (kind: number) => 1 << kind
const REQUEST = bit(method) | bit(scheme) | bit(authority) | bit(path) | bit(protocol)

/** @returns what is wrong with it, as a text, where it is no request. */
export function requestOf(fields: readonly Field[]): MessageHead | string {
  const parts = new Parts()
  const fault = read(fields, parts) ?? requestFault(parts)
  if (fault !== null) return fault
  const { method, scheme, path, protocol, length, priority } = parts
  const authority = parts.authority ?? parts.host ?? ''
  return { method, scheme, authority, path, protocol, status: 0, length, priority, fields: fields.slice(parts.start) }
}

/** @returns what is wrong with it, as a text, where it is no reply. */
export function replyOf(fields: readonly Field[]): MessageHead | string {
  const parts = new Parts()
  const fault = read(fields, parts)
  if (fault !== null) return fault
  if (parts.seen !== bit(status)) return 'a reply has :status and no other pseudo-header field'
  if (!/^[1-9]\d\d$/.test(parts.status)) return `${JSON.stringify(parts.status)} is not a status`
  // RFC 9113 §8.6: there is no switch of protocols.
  if (parts.status === '101') return 'the status 101'
  const { length } = parts
  const about = { method: '', scheme: '', authority: '', path: '', protocol: null, priority: '' }
  return { ...about, status: Number(parts.status), length, fields: fields.slice(parts.start) }
}

/** @returns what is wrong with fields after the content, null for nothing. */
export function trailerFault(fields: readonly Field[]): string | null {
  for (const field of fields) {
    if (field.fault !== '') return field.fault
    // RFC 9113 §8.1
    if (field.kind >= method && field.kind <= Kind.strange) return 'a pseudo-header field after the content'
    if (field.kind === Kind.connection) return `the field ${field.name}, which is about a connection`
  }
  return null
}

function read(fields: readonly Field[], parts: Parts): string | null {
  let regular = false
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i]!
    if (field.fault !== '') return field.fault
    if (field.kind !== Kind.plain && field.kind <= Kind.strange) {
      // RFC 9113 §8.3: before all regular fields, each once.
      if (regular) return `${field.name} after a regular field`
      const fault = takePseudo(field, parts)
      if (fault !== null) return fault
    } else {
      if (!regular) parts.start = i
      regular = true
      if (field.kind !== Kind.plain) {
        const fault = takeRegular(field, parts)
        if (fault !== null) return fault
      }
    }
  }
  if (!regular) parts.start = fields.length
  return null
}

function takePseudo({ kind, name, value }: Field, parts: Parts): string | null {
  if ((parts.seen & bit(kind)) !== 0) return `${name} twice`
  parts.seen |= bit(kind)
  switch (kind) {
    case Kind.method:
      parts.method = value
      break
    case Kind.scheme:
      parts.scheme = value
      break
    case Kind.authority:
      parts.authority = value
      break
    case Kind.path:
      parts.path = value
      break
    case Kind.protocol:
      parts.protocol = value
      break
    case Kind.status:
      parts.status = value
      break
    default:
      return `${JSON.stringify(name)} is not a pseudo-header field`
  }
  return null
}

function takeRegular({ kind, name, value }: Field, parts: Parts): string | null {
  switch (kind) {
    case Kind.connection:
      return `the field ${name}, which is about a connection`
    case Kind.te:
      // RFC 9113 §8.2.2
      return value.toLowerCase() === 'trailers' ? null : 'TE with another value than trailers'
    case Kind.length: {
      const length = parseLength(value)
      if (length === null) return `the content-length ${JSON.stringify(value)}`
      if (parts.length >= 0 && parts.length !== length) return 'two values of content-length'
      parts.length = length
      return null
    }
    case Kind.host:
      if (parts.host !== null && parts.host !== value) return 'two values of host'
      parts.host = value
      return null
    case Kind.priority:
      parts.priority = parts.priority === '' ? value : `${parts.priority}, ${value}`
      return null
    default:
      return null
  }
}

function requestFault(parts: Parts): string | null {
  const { seen, host } = parts
  if ((seen & ~REQUEST) !== 0) return ':status in a request'
  if (!isToken(parts.method)) return `${JSON.stringify(parts.method)} is not a method`
  const given = parts.authority ?? host
  if (given !== null && given !== '' && !isAuthority(given))
    return `${JSON.stringify(given)} is not a host with an optional port`
  // RFC 9113 §8.3.1: a proxy could go by the one, a server by the other.
  if (host !== null && parts.authority !== null && host.toLowerCase() !== parts.authority.toLowerCase())
    return 'host is another one than :authority'
  if (parts.method === 'CONNECT' && parts.protocol === null) return connectFault(parts)
  // RFC 8441 §4
  if (parts.protocol !== null && (parts.method !== 'CONNECT' || !isToken(parts.protocol)))
    return ':protocol outside of an extended CONNECT'
  if (parts.scheme === '') return 'a request without :scheme'
  if (parts.scheme !== 'http' && parts.scheme !== 'https') return `the scheme ${JSON.stringify(parts.scheme)}`
  // RFC 9113 §8.3.1: http and https URIs have an authority.
  if (given === null || given === '') return 'a request without :authority'
  return pathFault(parts)
}

/** RFC 9113 §8.5. */
function connectFault({ seen, authority }: Parts): string | null {
  if ((seen & (bit(path) | bit(scheme))) !== 0) return ':scheme or :path in a CONNECT'
  if (authority === null || !/:\d+$/.test(authority)) return 'the :authority of a CONNECT must be host:port'
  return null
}

function pathFault({ path, method }: Parts): string | null {
  if (path === '*') return method === 'OPTIONS' ? null : '* is a path for OPTIONS only'
  if (path.charCodeAt(0) !== 47) return path === '' ? 'a request without :path' : 'a :path that does not begin with /'
  for (let i = 1; i < path.length; i++) {
    const code = path.charCodeAt(i)
    if (!isTargetCode(code)) return `a character in :path that a URI cannot have, at index ${i}`
  }
  return null
}
