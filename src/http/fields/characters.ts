/** Which characters may stand where: RFC 9110 §5.6.2 (token), §5.5 (field value), RFC 9112 §3.2 (target). */

const TOKEN = 1
const VALUE = 2
const TARGET = 4
const HOST = 8
const HEX = 16

/** One byte of class bits per character code of ISO-8859-1. */
const CLASS = new Uint8Array(256)

mark("!#$%&'*+-.^_`|~", TOKEN)
mark('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz', TOKEN | TARGET | HOST)
mark('0123456789ABCDEFabcdef', HEX)
// What WHATWG URLs leave unencoded and RFC 3986 allows; `#`, `\`, `"`, `<`, `>`, `^`, `` ` ``, `{`, `|`, `}` are not
// URI characters, but browsers do send `"<>^`{|}` in queries, where they have one reading only.
mark('!$%&\'()*+,-./:;=?@_~[]"<>^`{|}', TARGET)
// Octets that should have been percent-encoded, as curl and old browsers send them: they can only mean themselves.
for (let c = 0x80; c < 0x100; c++) CLASS[c]! |= TARGET
// Without the sub-delimiters and percent-encoding of reg-name: a comma makes two hosts of one, `%61` and `a` are two
// names of one, and no name in use needs the others.
mark('-._~', HOST)
for (let c = 0x20; c < 0x100; c++) if (c !== 0x7f) CLASS[c]! |= VALUE
CLASS[9]! |= VALUE

function mark(characters: string, bit: number): void {
  for (let i = 0; i < characters.length; i++) CLASS[characters.charCodeAt(i)]! |= bit
}

export function isTokenCode(code: number): boolean {
  return code < 256 && (CLASS[code]! & TOKEN) !== 0
}

/** Tab, visible ASCII, space, and obs-text: everything but CR, LF, NUL and the other controls. */
export function isValueCode(code: number): boolean {
  return code < 256 && (CLASS[code]! & VALUE) !== 0
}

export function isTargetCode(code: number): boolean {
  return code < 256 && (CLASS[code]! & TARGET) !== 0
}

export function isHostCode(code: number): boolean {
  return code < 256 && (CLASS[code]! & HOST) !== 0
}

export function isHexCode(code: number): boolean {
  return code < 256 && (CLASS[code]! & HEX) !== 0
}

export function isToken(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (!isTokenCode(text.charCodeAt(i))) return false
  return text.length > 0
}

/** Whether a string can be sent as a field value: no CR, LF, NUL, control, nor anything above U+00FF. */
export function isFieldValue(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (!isValueCode(text.charCodeAt(i))) return false
  return true
}
