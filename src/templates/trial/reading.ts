/**
 * Reads HTML as a browser's tokenizer would, written apart from the compiler's own reading of it, for tests that
 * compare what a page is with what it should be.
 */

export interface Tag {
  readonly name: string
  readonly attributes: readonly (readonly [string, string])[]
}
export type Piece =
  | { readonly tag: Tag }
  | { readonly end: string }
  | { readonly comment: string }
  | { readonly text: string }

const RAW = /^(script|style|textarea|title)$/
const REFERENCES: { readonly [name: string]: string } = { amp: '&', lt: '<', gt: '>', quot: '"' }

export function decode(text: string): string {
  return text.replace(/&(?:#(\d+)|(amp|lt|gt|quot));/g, (_, code: string | undefined, name: string) =>
    code === undefined ? REFERENCES[name]! : String.fromCodePoint(Number(code)),
  )
}

export function readHtml(html: string): Piece[] {
  const pieces: Piece[] = []
  let at = 0
  while (at < html.length) {
    const rest = html.slice(at)
    const comment = /^<!--(?:>|->|([\s\S]*?)(?:-->|--!>|$))/.exec(rest)
    const bogus = /^<(?:[!?]|\/(?![a-zA-Z]))[^>]*>?/.exec(rest)
    const tag = /^<(\/?)([a-zA-Z][^\t\n\f\r />]*)/.exec(rest)
    if (comment) {
      pieces.push({ comment: comment[1] ?? '' })
      at += comment[0].length
    } else if (bogus) at += bogus[0].length
    else if (tag) {
      const name = tag[2]!.toLowerCase()
      const { attributes, length } = readAttributes(rest.slice(tag[0].length))
      at += tag[0].length + length
      pieces.push(tag[1] ? { end: name } : { tag: { name, attributes } })
      if (!tag[1] && RAW.test(name)) {
        const close = new RegExp(`</${name}(?=[\\t\\n\\f\\r />])|$`, 'i').exec(html.slice(at))!
        const content = html.slice(at, at + close.index)
        // A line feed behind the tag is left out.
        const shown = name === 'textarea' ? content.replace(/^\n/, '') : content
        pieces.push({ text: name === 'textarea' || name === 'title' ? decode(shown) : shown })
        at += close.index
      }
    } else {
      const next = html.indexOf('<', at + 1)
      const end = next === -1 ? html.length : next
      pieces.push({ text: decode(html.slice(at, end)) })
      at = end
    }
  }
  return pieces
}

function readAttributes(text: string): { attributes: [string, string][]; length: number } {
  const attributes: [string, string][] = []
  let at = 0
  for (;;) {
    const space = /^[\t\n\f\r /]*/.exec(text.slice(at))![0]
    at += space.length
    if (at >= text.length || text[at] === '>') return { attributes, length: at + 1 }
    const attribute =
      /^(=?[^\t\n\f\r />=]*)[\t\n\f\r ]*(?:=[\t\n\f\r ]*(?:"([^"]*)"?|'([^']*)'?|(?=>)|([^\t\n\f\r >]*)))?/.exec(
        text.slice(at),
      )!
    attributes.push([attribute[1]!.toLowerCase(), decode(attribute[2] ?? attribute[3] ?? attribute[4] ?? '')])
    at += Math.max(1, attribute[0].length)
  }
}

/** Tags with the names of their attributes, end tags and comments, without what is in them. */
export function structure(html: string): string {
  return readHtml(html)
    .flatMap((piece) => {
      if ('tag' in piece) return `<${piece.tag.name}${piece.tag.attributes.map(([name]) => ` ${name}`).join('')}>`
      return 'end' in piece ? `</${piece.end}>` : 'comment' in piece ? '<!---->' : []
    })
    .join('')
}
