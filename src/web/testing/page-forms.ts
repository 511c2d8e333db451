/** The forms of a page, as a test's browser fills them in. For pages that templates made. */

/** What a form of a page says of itself. */
export interface FoundForm {
  readonly method: string
  readonly action: string | null
  readonly values: Record<string, string>
}

const FORM = /<form\b([^>]*)>([\s\S]*?)<\/form>/gi

/** The first form of a page with that action, or with all those fields. */
export function findForm(html: string, action: string | undefined, fields: readonly string[]): FoundForm | null {
  for (const [, tag = '', inside = ''] of html.matchAll(FORM)) {
    const its = attribute(tag, 'action')
    if (action !== undefined && its !== action) continue
    const names = new Set(
      [...inside.matchAll(/<(?:input|textarea|select|button)\b([^>]*)>/gi)].map(([, control = '']) =>
        attribute(control, 'name'),
      ),
    )
    if (action === undefined && !fields.every((name) => names.has(name))) continue
    const values: Record<string, string> = {}
    for (const [, input = ''] of inside.matchAll(/<input\b([^>]*)>/gi)) {
      const name = attribute(input, 'name')
      const type = attribute(input, 'type') ?? 'text'
      const off = (type === 'checkbox' || type === 'radio') && !/\schecked\b/i.test(input)
      if (name === null || off || type === 'file' || type === 'submit') continue
      values[name] = attribute(input, 'value') ?? ''
    }
    for (const [, area = '', text = ''] of inside.matchAll(/<textarea\b([^>]*)>\n?([\s\S]*?)<\/textarea>/gi)) {
      const name = attribute(area, 'name')
      if (name !== null) values[name] = decodeEntities(text)
    }
    return { method: (attribute(tag, 'method') ?? 'GET').toUpperCase(), action: its, values }
  }
  return null
}

function attribute(tag: string, name: string): string | null {
  const found = new RegExp(`\\s${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s"'>]+))`, 'i').exec(` ${tag}`)
  return found === null ? null : decodeEntities(found[1] ?? found[2] ?? found[3] ?? '')
}

function decodeEntities(text: string): string {
  return text.replace(
    /&(?:#39|quot|lt|gt|amp);/g,
    (entity) => ({ '&#39;': "'", '&quot;': '"', '&lt;': '<', '&gt;': '>' })[entity] ?? '&',
  )
}
