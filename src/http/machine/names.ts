/** Names that come in every other message, made once: no string is allocated for them. */

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'CONNECT', 'TRACE', 'QUERY']

const FIELDS = [
  'Host',
  'Accept',
  'Accept-Encoding',
  'Accept-Language',
  'Authorization',
  'Cache-Control',
  'Connection',
  'Content-Length',
  'Content-Type',
  'Cookie',
  'Date',
  'DNT',
  'ETag',
  'Expect',
  'If-Modified-Since',
  'If-None-Match',
  'Keep-Alive',
  'Last-Modified',
  'Location',
  'Origin',
  'Pragma',
  'Range',
  'Referer',
  'Sec-Fetch-Dest',
  'Sec-Fetch-Mode',
  'Sec-Fetch-Site',
  'Sec-Fetch-User',
  'Server',
  'Set-Cookie',
  'TE',
  'Trailer',
  'Transfer-Encoding',
  'Upgrade',
  'Upgrade-Insecure-Requests',
  'User-Agent',
  'Vary',
  'Via',
]

/** Candidates by length. */
type Table = readonly (readonly string[])[]

const METHOD_TABLE = table(METHODS)
const FIELD_TABLE = table([...FIELDS, ...FIELDS.map((name) => name.toLowerCase())])

function table(names: readonly string[]): Table {
  const byLength: string[][] = []
  for (const name of names) {
    while (byLength.length <= name.length) byLength.push([])
    byLength[name.length]!.push(name)
  }
  return byLength
}

function find(candidates: Table, text: string, start: number, end: number): string {
  const sameLength = candidates[end - start]
  if (sameLength !== undefined) for (const name of sameLength) if (text.startsWith(name, start)) return name
  return text.slice(start, end)
}

export function methodAt(text: string, start: number, end: number): string {
  // Nearly all requests: no table needed.
  if (end - start === 3 && text.startsWith('GET', start)) return 'GET'
  return find(METHOD_TABLE, text, start, end)
}

/** The field name as it was sent. */
export function fieldNameAt(text: string, start: number, end: number): string {
  return find(FIELD_TABLE, text, start, end)
}

/** Whether `text` has `name` (given in lower case) at `start`, in any case. The caller has compared the lengths. */
export function sameName(text: string, start: number, name: string): boolean {
  for (let i = 0; i < name.length; i++) {
    let code = text.charCodeAt(start + i)
    if (code >= 65 && code <= 90) code |= 32
    if (code !== name.charCodeAt(i)) return false
  }
  return true
}
