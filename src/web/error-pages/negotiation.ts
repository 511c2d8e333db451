/** In which form a client wants to hear of an error. */
import { parseMediaType, parseWeighted } from '../../http/index.ts'

export type PageKind = 'html' | 'json' | 'text'

/**
 * HTML for browsers, JSON for those who ask for it or sent it, text for the rest. Only types that are named count: who takes
 * anything (curl) gets text.
 */
export function wants(accept: string | undefined, contentType: string | undefined): PageKind {
  let kind: PageKind = 'text'
  let highest = 0
  for (const { value, weight } of accept === undefined ? [] : parseWeighted(accept)) {
    const named = kindOf(value.toLowerCase())
    // Of two that are wanted alike a page is what people can read.
    if (named === 'text' || weight === 0 || weight < highest || (weight === highest && named === 'json')) continue
    kind = named
    highest = weight
  }
  if (kind !== 'text') return kind
  const sent = contentType === undefined ? undefined : parseMediaType(contentType)?.type
  return sent !== undefined && kindOf(sent) === 'json' ? 'json' : 'text'
}

function kindOf(type: string): PageKind {
  if (type === 'text/html' || type === 'application/xhtml+xml') return 'html'
  return /^application\/(?:[\w.-]+\+)?json$/.test(type) ? 'json' : 'text'
}
