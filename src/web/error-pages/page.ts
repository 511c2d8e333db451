/** Pages for errors: a plain one for visitors, one that explains for developers. */
import { reasonPhrase } from '../../http/index.ts'
import { escapeHtml } from '../../templates/escape/values/html.ts'
import type { Context } from '../request/context.ts'
import { HTML, jsonReply, Reply, TEXT } from '../request/reply.ts'
import type { Excerpt, Frame } from './frames.ts'
import type { PageKind } from './negotiation.ts'
import type { Cause, ErrorReport, Place } from './report.ts'

/** What a visitor may know of an error. */
export interface Plain {
  readonly status: number
  /** Words that were meant for the visitor; '' for none. */
  readonly message: string
  /** Leads to the log; '' for none. */
  readonly reference: string
  /** For developers: the routes that there are. */
  readonly routes: readonly { readonly method: string; readonly pattern: string; readonly name: string }[]
  /** What is wrong with a body of JSON. */
  readonly problems: readonly { readonly path: string; readonly text: string }[]
  /** More members of the problem that a program reads. */
  readonly members: Readonly<Record<string, unknown>>
}

/** RFC 9457: an error as a program reads it. Without a `type` the status says what kind of problem there is (§4.2.1). */
function problemReply(status: number, problem: object): Reply {
  const reply = jsonReply(problem, status)
  reply.type = 'application/problem+json'
  return reply
}

/** What a visitor sees. */
export function plainPage({ status, message, reference, routes, problems, members }: Plain, kind: PageKind): Reply {
  const phrase = reasonPhrase(status)
  const title = `${status} ${phrase}`.trim()
  const said = message === phrase ? '' : message
  if (kind === 'json') {
    return problemReply(status, {
      ...members,
      title: typeof members['title'] === 'string' ? members['title'] : phrase,
      status,
      ...(said && { detail: said }),
      ...(problems.length > 0 && { problems }),
      ...(reference && { reference }),
    })
  }
  const there = routes.length === 0 ? '' : 'No route takes this path. There are:'
  const lines = [said, reference && `Reference: ${reference}`, there].filter((line) => line !== '')
  const shown = routes.map(({ method, pattern, name }) => `${method} ${pattern}${name === '' ? '' : `  ${name}`}`)
  if (kind === 'text') return new Reply(status, TEXT, `${[title, ...lines, ...shown].join('\n')}\n`)
  const list = shown.map((route) => `<li><code>${escapeHtml(route)}</code></li>`).join('')
  const body = lines.map((line) => `<p>${escapeHtml(line)}</p>`).join('') + (list && `<ul>${list}</ul>`)
  return new Reply(
    status,
    HTML,
    `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title><h1>${title}</h1>${body}</html>\n`,
  )
}

/** What a developer sees. */
export function explainingPage(c: Context<never, never>, report: ErrorReport, status: number, kind: PageKind): Reply {
  if (kind === 'json') return problemReply(status, { ...report, title: reasonPhrase(status), status })
  if (kind === 'text') return new Reply(status, TEXT, asText(report, status))
  return new Reply(status, HTML, asHtml(report, c.nonce))
}

function asText(report: ErrorReport, status: number): string {
  const causes = report.chain.map((cause, i) => {
    const place = cause.place === null ? '' : `\n    in ${cause.place.file}:${cause.place.line}:${cause.place.column}`
    const frames = cause.frames
      .filter(({ own }) => own)
      .map((frame) => `\n    at ${frame.call} ${frame.file}:${frame.line}`)
    return `${i === 0 ? '' : 'caused by '}${cause.name}: ${cause.message}${place}${frames.join('')}`
  })
  return `${status} ${reasonPhrase(status)}\n\n${causes.join('\n')}\n`
}

const STYLE = `
body{font:15px/1.5 system-ui,sans-serif;margin:0;color:#222;background:#f6f6f4}
header{background:#a4232a;color:#fff;padding:1.2rem 2rem}header h1{margin:0;font-size:1.3rem;white-space:pre-wrap}
main{padding:1rem 2rem;max-width:75rem}h2{font-size:1rem;margin:1.6rem 0 .4rem}
pre,code,td{font:13px/1.5 ui-monospace,monospace}pre{background:#fff;border:1px solid #ddd;margin:.3rem 0;padding:.5rem 0;overflow:auto}
pre span{display:block;padding:0 .8rem;white-space:pre}pre .here{background:#fbe3e4}pre i{color:#999;font-style:normal;user-select:none}
table{border-collapse:collapse}td{padding:.1rem 1rem .1rem 0;vertical-align:top;overflow-wrap:anywhere}td:first-child{color:#666;white-space:nowrap}
details{margin:.2rem 0}summary{cursor:pointer}.far{color:#888}`

function asHtml(report: ErrorReport, nonce: string): string {
  const first = report.chain[0]
  const title = first === undefined ? 'Error' : `${first.name}: ${first.message}`
  const sections = [
    ...report.chain.map((cause, i) => causeHtml(cause, i)),
    table('Request', report.request),
    report.sql.length === 0
      ? ''
      : table(
          'SQL',
          report.sql.map(({ text, duration, rows }) => [`${duration}, ${rows} rows`, text] as const),
        ),
    report.templates.length === 0
      ? ''
      : table(
          'Templates',
          report.templates.map(({ name, duration }) => [duration, name] as const),
        ),
    table('Fields', report.fields),
  ]
  return (
    `<!doctype html><html lang="en"><meta charset="utf-8"><title>${escapeHtml(title)}</title>` +
    `<style nonce="${nonce}">${STYLE}</style><header><h1>${escapeHtml(title)}</h1></header>` +
    `<main>${sections.join('')}</main></html>\n`
  )
}

function causeHtml(cause: Cause, i: number): string {
  const heading = i === 0 ? '' : `<h2>Caused by ${escapeHtml(`${cause.name}: ${cause.message}`)}</h2>`
  const { place } = cause
  const first = cause.frames.find(({ own }) => own)
  const template =
    place === null ? '' : `<h2>${escapeHtml(`${place.file}:${place.line}:${place.column}`)}</h2>${placeHtml(place)}`
  return heading + template + cause.frames.map((frame) => frameHtml(frame, frame === first)).join('')
}

function placeHtml({ excerpt, line, column, text }: Place): string {
  return excerpt === null ? `<pre><span>${escapeHtml(text)}</span></pre>` : excerptHtml(excerpt, line, column)
}

function frameHtml(frame: Frame, open: boolean): string {
  const where = `${escapeHtml(frame.call === '' ? '(top level)' : frame.call)} <code>${escapeHtml(frame.file)}:${frame.line}:${frame.column}</code>`
  if (frame.excerpt === null) return `<div${frame.own ? '' : ' class="far"'}>${where}</div>`
  const code = excerptHtml(frame.excerpt, frame.line, frame.column)
  return `<details${open ? ' open' : ''}><summary>${where}</summary>${code}</details>`
}

function excerptHtml(excerpt: Excerpt, line: number, column: number): string {
  const rows = excerpt.lines.map((text, i) => {
    const number = excerpt.first + i
    const pointer =
      number === line ? `<span class="here"><i>     </i>${' '.repeat(Math.max(0, column - 1))}^</span>` : ''
    const row = `<i>${String(number).padStart(4)} </i>${escapeHtml(text)}`
    return `<span${number === line ? ' class="here"' : ''}>${row}</span>${pointer}`
  })
  return `<pre>${rows.join('')}</pre>`
}

function table(title: string, rows: readonly (readonly [string, string])[]): string {
  const lines = rows.map(([name, value]) => `<tr><td>${escapeHtml(name)}</td><td>${escapeHtml(value)}</td></tr>`)
  return `<h2>${title}</h2><table>${lines.join('')}</table>`
}
