/** llhttp's test files: each case is a line of settings, the bytes, and the log of callbacks that they must cause. */

export interface Case {
  /** `request/sample.md: Simple request (12)`, the number is the line of the bytes. */
  readonly name: string
  /** `request`, `response`, `request-lenient-headers`, `request-finish`, … */
  readonly type: string
  readonly skipBody: boolean
  readonly bytes: Buffer
  readonly log: readonly string[]
}

const BLOCK = /<!--\s*meta=(\{.*?\})\s*-->\s*```http\n((?:(?!```)[\s\S])*)```(?:(?!```)[\s\S])*```log\n([\s\S]*?)```/g

export function parseCases(file: string, text: string): Case[] {
  const cases: Case[] = []
  for (const match of text.matchAll(BLOCK)) {
    const before = text.slice(0, match.index)
    const title = [...before.matchAll(/^#+ (.*)$/gm)].at(-1)?.[1] ?? ''
    const meta = JSON.parse(match[1]!)
    const line = before.split('\n').length
    cases.push({
      name: `${file}: ${title} (${line})`,
      type: meta.type,
      skipBody: meta.skipBody === true,
      bytes: bytesOf(match[2]!),
      log: match[3]!.trim().split('\n'),
    })
  }
  return cases
}

/** The rules of llhttp's own driver: the last newline is none, a backslash joins lines, the others are CRLF. */
function bytesOf(block: string): Buffer {
  const text = block
    .replace(/\n$/, '')
    .replace(/\\\n/g, '')
    .replace(/\n/g, '\r\n')
    .replace(/\\r/g, '\r')
    .replace(/\\n/g, '\n')
    .replace(/\\t/g, '\t')
    .replace(/\\f/g, '\f')
    .replace(/\\x([0-9a-fA-F]+)/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replace(/\\([0-7]{1,3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8)))
  return Buffer.from(text, 'latin1')
}
