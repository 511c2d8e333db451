/** Sec-WebSocket-Extensions (RFC 6455 §9.1) and what permessage-deflate says in it (RFC 7692 §7.1). */
import { isToken } from '../../fields/characters.ts'
import { readQuoted, stripSpace } from '../../fields/list.ts'

export interface Extension {
  readonly name: string
  /** In order; a parameter without a value has null. A name may come twice: what that means is the extension's to say. */
  readonly parameters: readonly (readonly [name: string, value: string | null])[]
}

export const PERMESSAGE_DEFLATE = 'permessage-deflate'

/**
 * Reads the field's value, its lines joined.
 * @param most extensions in all, and parameters of each: more is nobody's honest offer.
 * @returns null for what is not the grammar.
 */
export function parseExtensions(text: string, most: number): Extension[] | null {
  const extensions: Extension[] = []
  let at = 0
  for (;;) {
    const extension = readExtension(text, at, most)
    if (extension === null || extensions.length >= most) return null
    extensions.push(extension.value)
    at = extension.end
    if (at === text.length) return extensions
    at++ // the comma
  }
}

function readExtension(text: string, start: number, most: number): { value: Extension; end: number } | null {
  const name = readToken(text, start)
  if (name === null) return null
  const parameters: [string, string | null][] = []
  let at = name.end
  while (text[at] === ';') {
    const parameter = readToken(text, at + 1)
    if (parameter === null || parameters.length >= most) return null
    at = parameter.end
    let value: string | null = null
    if (text[at] === '=') {
      const given = readValue(text, at + 1)
      if (given === null) return null
      value = given.text
      at = given.end
    }
    parameters.push([parameter.text, value])
  }
  if (at < text.length && text[at] !== ',') return null
  return { value: { name: name.text, parameters }, end: at }
}

/** A token with space around it; `end` is at the mark after it. */
function readToken(text: string, start: number): { text: string; end: number } | null {
  let end = start
  while (end < text.length && !MARKS.has(text[end]!)) end++
  const token = stripSpace(text, start, end)
  return isToken(token) ? { text: token, end } : null
}

const MARKS: ReadonlySet<string> = new Set([',', ';', '='])

/** RFC 6455 §9.1: what a quoted value says must be a token, too. */
function readValue(text: string, start: number): { text: string; end: number } | null {
  let at = start
  while (text[at] === ' ' || text[at] === '\t') at++
  if (text[at] !== '"') return readToken(text, at)
  const quoted = readQuoted(text, at)
  if (quoted === null || !isToken(quoted.text)) return null
  let { end } = quoted
  while (text[end] === ' ' || text[end] === '\t') end++
  return { text: quoted.text, end }
}

/** What both sides have agreed upon. */
export interface DeflateAgreement {
  /** Whether the server's messages build on earlier ones, and how far back: 8 to 15 bits. */
  readonly serverTakeover: boolean
  readonly serverWindowBits: number
  readonly clientTakeover: boolean
  readonly clientWindowBits: number
}

/** What a side wishes. */
export interface DeflateWishes {
  /** Whether messages may build on earlier ones, each way: better compression, for 300 KB of memory a connection. */
  readonly takeover: boolean
  /** How far back the own messages look. */
  readonly windowBits: number
}

/** The parameters of one offer or answer. Undefined where it says nothing; `true` for a name without a value. */
interface DeflateParameters {
  server_no_context_takeover?: true
  client_no_context_takeover?: true
  server_max_window_bits?: number
  client_max_window_bits?: number | true
}

/** RFC 7692 §7.1.2: decimal, from 8 to 15, without leading zeroes. */
const WINDOW_BITS = /^(?:[89]|1[0-5])$/

/** @returns null for an unknown name, one that comes twice, and a value that it cannot have. */
function deflateParameters({ parameters }: Extension): DeflateParameters | null {
  const read: DeflateParameters = {}
  for (const [name, value] of parameters) {
    if (Object.hasOwn(read, name)) return null
    switch (name) {
      case 'server_no_context_takeover':
      case 'client_no_context_takeover':
        if (value !== null) return null
        read[name] = true
        break
      case 'server_max_window_bits':
        if (value === null || !WINDOW_BITS.test(value)) return null
        read[name] = Number(value)
        break
      case 'client_max_window_bits':
        if (value !== null && !WINDOW_BITS.test(value)) return null
        read[name] = value === null ? true : Number(value)
        break
      default:
        return null
    }
  }
  return read
}

/** The field's value that asks for it. */
export function offerDeflate({ takeover, windowBits }: DeflateWishes): string {
  const own = windowBits === 15 ? '; client_max_window_bits' : `; client_max_window_bits=${windowBits}`
  const context = takeover ? '' : '; server_no_context_takeover; client_no_context_takeover'
  return `${PERMESSAGE_DEFLATE}${context}${own}`
}

/** The first offer that a server can take, with the field's value that takes it; null where there is none. */
export function agreeToDeflate(
  offers: readonly Extension[],
  wishes: DeflateWishes,
): { readonly agreement: DeflateAgreement; readonly field: string } | null {
  for (const offer of offers) {
    if (offer.name !== PERMESSAGE_DEFLATE) continue
    const asked = deflateParameters(offer)
    if (asked === null) continue // RFC 7692 §5: such an offer is declined, and the next one looked at.
    const serverTakeover = wishes.takeover && asked.server_no_context_takeover === undefined
    const clientTakeover = wishes.takeover && asked.client_no_context_takeover === undefined
    const serverWindowBits = Math.min(wishes.windowBits, asked.server_max_window_bits ?? 15)
    const said = asked.client_max_window_bits
    // A client that says nothing of its window cannot be told a smaller one (§7.1.2.2).
    const clientWindowBits = said === undefined || said === true ? 15 : said
    let field: string = PERMESSAGE_DEFLATE
    if (!serverTakeover) field += '; server_no_context_takeover'
    if (!clientTakeover) field += '; client_no_context_takeover'
    if (asked.server_max_window_bits !== undefined || serverWindowBits < 15)
      field += `; server_max_window_bits=${serverWindowBits}`
    if (said !== undefined && clientWindowBits < 15) field += `; client_max_window_bits=${clientWindowBits}`
    return { agreement: { serverTakeover, serverWindowBits, clientTakeover, clientWindowBits }, field }
  }
  return null
}

/**
 * What a server's answer agrees to.
 * @returns the reason where the answer is not one to what was asked (RFC 7692 §7.1, RFC 6455 §4.1): the client must fail.
 */
export function readDeflateAnswer(
  answer: readonly Extension[],
  wishes: DeflateWishes | null,
): DeflateAgreement | null | string {
  let agreement: DeflateAgreement | null = null
  for (const extension of answer) {
    if (wishes === null || extension.name !== PERMESSAGE_DEFLATE)
      return `the server uses the extension ${extension.name}, which was not offered`
    if (agreement !== null) return 'the server agrees to permessage-deflate twice'
    const said = deflateParameters(extension)
    if (said === null || said.client_max_window_bits === true)
      return 'the server agrees to permessage-deflate with parameters that it cannot have'
    // The offer asked the server for no context: an answer without the word would build on one.
    if (!wishes.takeover && said.server_no_context_takeover === undefined)
      return 'the server was asked for server_no_context_takeover and does not grant it'
    agreement = {
      serverTakeover: said.server_no_context_takeover === undefined,
      serverWindowBits: said.server_max_window_bits ?? 15,
      clientTakeover: wishes.takeover && said.client_no_context_takeover === undefined,
      clientWindowBits: Math.min(wishes.windowBits, said.client_max_window_bits ?? 15),
    }
  }
  return agreement
}
