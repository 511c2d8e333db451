/** The machine with all its languages: what the compiler follows a template with. */
import { CssContent } from './content/css.ts'
import { JsContent } from './content/js.ts'
import { JsonContent } from './content/json.ts'
import { PolicyContent, RefusingContent } from './content/plain.ts'
import { RefreshContent } from './content/refresh.ts'
import { type DocumentReader, SrcdocContent } from './content/srcdoc.ts'
import { UrlContent, UrlListContent } from './content/url.ts'
import { HtmlMachine } from './html/machine.ts'
import { describe, endProblem, join, outputAt, stateKey } from './html/output.ts'
import { HTML_START, type HtmlState, PLAIN } from './html/state.ts'

/** A document inside an attribute is read by the same machine. */
function documents(machine: HtmlMachine): DocumentReader<HtmlState> {
  return {
    start: HTML_START,
    next: (state, char) => machine.next(state, char),
    output: (state, settings) => outputAt(machine, state, settings),
    join,
    key: stateKey,
    end: endProblem,
    describe,
  }
}

const LANGUAGES = {
  plain: PLAIN,
  url: new UrlContent(),
  image: new UrlContent(true),
  urls: new UrlListContent('values'),
  srcset: new UrlListContent('srcset'),
  css: new CssContent(),
  js: new JsContent(),
  variable: new JsContent(true),
  json: new JsonContent(),
  importmap: new JsonContent(true),
  refresh: new RefreshContent(),
  policy: new PolicyContent(),
  charset: new RefusingContent(
    'in a charset',
    'The charset of a page cannot be a value: another one would make text into markup',
  ),
  equiv: new RefusingContent('in http-equiv', 'A value cannot be the name of a field in <meta>: write the name'),
  program: new RefusingContent(
    'in a program',
    'What stands here is run in a language that is not known here: write it, or give the value by a data- attribute',
  ),
  literal: new RefusingContent(
    'in text without character references',
    'Browsers read no character references here, so a value cannot be escaped: use <pre> or <template>',
  ),
  unknown: new RefusingContent(
    'in an unknown language',
    'It is not known what language this is, so a value cannot be made safe: write the type (or the attribute that decides) as text, before the value; for markup use <template>',
  ),
} as const

export const MACHINE: HtmlMachine = new HtmlMachine((machine) => ({
  ...LANGUAGES,
  html: new SrcdocContent(documents(machine)),
}))
