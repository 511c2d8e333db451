/** In which form a client wants to hear of an error. */

export type PageKind = 'html' | 'json' | 'text'

/** HTML for browsers, JSON for those who ask for it or sent it, text for the rest (curl). */
export function wants(accept: string | undefined, contentType: string | undefined): PageKind {
  const asked = (accept ?? '').toLowerCase()
  if (asked.includes('text/html') || asked.includes('application/xhtml')) return 'html'
  if (/application\/(?:[\w.+-]+\+)?json/.test(asked)) return 'json'
  if (/^application\/(?:[\w.+-]+\+)?json/i.test(contentType ?? '')) return 'json'
  return 'text'
}
