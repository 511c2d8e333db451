/** What `reticle fetch` is asked for, read from its arguments. */
import { createReadStream, fstatSync, openSync, readFileSync } from 'node:fs'
import { ipVersion } from '../../base/ip.ts'
import type { FieldLines, OutgoingContent } from '../../http/index.ts'
import { UsageError } from '../command.ts'

/** The values of the command's options, as they were given. */
export interface GivenRequest {
  readonly method?: string
  readonly header?: readonly string[]
  readonly data?: readonly string[]
  readonly 'data-json'?: string
  readonly form?: readonly string[]
  readonly upload?: string
  readonly head?: boolean
  readonly user?: string
}

export interface FetchRequest {
  readonly url: URL
  readonly method: string
  readonly fields: FieldLines
  readonly body: OutgoingContent
  /** The body comes from a file or from standard input, and takes its time. */
  readonly upload: boolean
}

/** Standard input as a body. */
export type Input = () => AsyncIterable<Uint8Array>

/** @throws UsageError for what cannot be asked for. */
export function readRequest(address: string, given: GivenRequest, input: Input): FetchRequest {
  const url = urlOf(address)
  const fields = (given.header ?? []).flatMap(fieldOf)
  const has = (name: string) => fields.some((field, index) => index % 2 === 0 && field.toLowerCase() === name)
  const add = (name: string, value: string) => void (has(name.toLowerCase()) || fields.push(name, value))
  const { body, type, length, upload } = contentOf(given, input)
  if (given.user !== undefined) add('Authorization', `Basic ${Buffer.from(given.user).toString('base64')}`)
  else if (url.username !== '') {
    const user = `${decoded(url.username)}:${decoded(url.password)}`
    add('Authorization', `Basic ${Buffer.from(user).toString('base64')}`)
  }
  url.username = ''
  url.password = ''
  if (type !== null) add('Content-Type', type)
  if (length !== null) add('Content-Length', String(length))
  add('Accept', given['data-json'] === undefined ? '*/*' : 'application/json, */*;q=0.5')
  add('User-Agent', 'reticle')
  const method = given.method ?? (given.head === true ? 'HEAD' : upload ? 'PUT' : body === null ? 'GET' : 'POST')
  return { url, method, fields, body, upload }
}

/** As it is written where it is no percent-encoding. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Names are asked over https where nothing is said; this machine and addresses, which have no certificates, over http. */
function urlOf(address: string): URL {
  const absolute = /^[a-z][a-z0-9+.-]*:\/\//i.test(address)
  const url = URL.parse(absolute ? address : `https://${address}`)
  if (url === null || url.hostname === '')
    throw new UsageError(`'${address}' is no URL: give one like https://example.com/page`)
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new UsageError(`'${address}': only http:// and https:// can be fetched, not ${url.protocol}//`)
  const own = url.hostname === 'localhost' || ipVersion(url.hostname.replace(/^\[|\]$/g, '')) !== 0
  return !absolute && own ? new URL(`http://${address}`) : url
}

function fieldOf(text: string): [name: string, value: string] {
  const colon = text.indexOf(':')
  if (colon <= 0) throw new UsageError(`--header: '${text}' is not a field: write 'Name: value'`)
  return [text.slice(0, colon), text.slice(colon + 1).trim()]
}

interface Content {
  readonly body: OutgoingContent
  readonly type: string | null
  readonly length: number | null
  readonly upload: boolean
}

function contentOf(given: GivenRequest, input: Input): Content {
  const { data, form, upload } = given
  const json = given['data-json']
  const ways = Object.entries({ '--data': data, '--data-json': json, '--form': form, '--upload': upload })
  const used = ways.filter(([, value]) => value !== undefined).map(([name]) => name)
  if (used.length > 1) throw new UsageError(`${used.join(' and ')} exclude each other: a request has one body`)
  if (upload !== undefined) return { ...fileOf('--upload', upload, input), type: null, upload: true }
  if (form !== undefined) {
    const pairs = form.map((pair) => {
      const equals = pair.indexOf('=')
      if (equals <= 0) throw new UsageError(`--form: '${pair}' is not a field of a form: write NAME=VALUE`)
      return [pair.slice(0, equals), pair.slice(equals + 1)]
    })
    const body = new URLSearchParams(pairs).toString()
    return { body, type: 'application/x-www-form-urlencoded', length: null, upload: false }
  }
  if (json !== undefined) {
    const body = textOf('--data-json', json, input)
    if (typeof body === 'string') checkJson(body)
    return { body, type: 'application/json', length: null, upload: false }
  }
  if (data === undefined) return { body: null, type: null, length: null, upload: false }
  const [only] = data
  const type = 'application/x-www-form-urlencoded'
  if (data.length === 1) return { body: textOf('--data', only!, input), type, length: null, upload: false }
  if (data.some((part) => part.startsWith('@'))) throw new UsageError('--data @FILE is the whole body: give it once')
  return { body: data.join('&'), type, length: null, upload: false }
}

/** The text itself, or with @ the contents of a file, `-` for standard input. */
function textOf(option: string, text: string, input: Input): OutgoingContent {
  if (!text.startsWith('@')) return text
  if (text === '@-') return input()
  return attempt(option, text.slice(1), (path) => readFileSync(path))
}

/** A file as it is read. A pipe or a device has no length to be told. */
function fileOf(option: string, path: string, input: Input): { body: OutgoingContent; length: number | null } {
  if (path === '-') return { body: input(), length: null }
  return attempt(option, path, () => {
    const fd = openSync(path, 'r')
    const stat = fstatSync(fd)
    if (stat.isDirectory()) throw new Error('it is a folder')
    return { body: createReadStream(path, { fd }), length: stat.isFile() ? stat.size : null }
  })
}

function attempt<T>(option: string, path: string, read: (path: string) => T): T {
  try {
    return read(path)
  } catch (error) {
    throw new UsageError(`${option}: '${path}' cannot be read: ${(error as Error).message}`)
  }
}

function checkJson(text: string): void {
  try {
    JSON.parse(text)
  } catch (error) {
    throw new UsageError(`--data-json: this is no JSON: ${(error as Error).message}`)
  }
}
