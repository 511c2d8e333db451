/** Where in HTML we are: what the tokenizer of a browser would know (HTML §13.2.5), and a little of its tree. */
import type { Content } from '../content/content.ts'
import { PlainContent } from '../content/plain.ts'
import type { Facts } from './attributes.ts'
import { ROOT, type Tree } from './tree.ts'

export type Mode =
  | 'text'
  | 'tagOpen' // after <
  | 'endTagOpen' // after </
  | 'tagName'
  | 'tag' // inside a tag, where an attribute may begin
  | 'nameEnd' // behind a name (or where branches meet inside a tag): white space, / or > must follow
  | 'gap' // as 'tag', but = may not follow, because it is not known which name it would belong to
  | 'attrName'
  | 'afterName'
  | 'beforeValue'
  | 'value'
  | 'raw' // the content of script, style, …: text up to the end tag
  | 'rcdata' // the content of textarea and title: the same, but with character references
  | 'comment'
  | 'bogus' // <?…>, </ …>: a comment to the first >
  | 'markup' // <!: what comes of it is not known yet
  | 'doctype'
  | 'cdata'

export const TAG_MODES: ReadonlySet<Mode> = new Set(['tagName', 'tag', 'nameEnd', 'gap', 'attrName', 'afterName'])

export interface HtmlState {
  readonly mode: Mode
  /** The element whose tag or raw content this is, lower case. */
  readonly element: string
  readonly closing: boolean
  /** Whether this is the end tag of the raw element before it. */
  readonly endsRaw: boolean
  /** The attribute, lower case. */
  readonly attr: string
  /** What ends the value; '' for white space; 'auto' when the compiler has put quotes around an unquoted output. */
  readonly quote: '"' | "'" | '' | 'auto'
  /** What the value or the raw content is written in. */
  readonly content: Content
  /** Characters that may be the beginning of something: `</scr`, `<!-`, `[CDA`; in comments the state of their end. */
  readonly pending: string
  /** A character reference that may have begun: `&`, `&am`. */
  readonly reference: string
  /** The value so far of an attribute that decides what others mean. */
  readonly said: string
  /** What the attributes of this tag have said. */
  readonly facts: Facts
  /** An attribute that would have decided what a value in this tag means, and has not come yet. */
  readonly awaited: string
  readonly tree: Tree
  /** Whether a line feed here would be left out: behind `<pre>` and `<textarea>`. */
  readonly fresh: boolean
}

export const PLAIN = new PlainContent()

export const HTML_START: HtmlState = {
  mode: 'text',
  element: '',
  closing: false,
  endsRaw: false,
  attr: '',
  quote: '',
  content: PLAIN,
  pending: '',
  reference: '',
  said: '',
  facts: {},
  awaited: '',
  tree: ROOT,
  fresh: false,
}

/** Between the tags, the tree as it is. */
export function inText(tree: Tree): HtmlState {
  return tree === ROOT ? HTML_START : { ...HTML_START, tree }
}
