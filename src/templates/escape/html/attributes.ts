/** What language the value of an attribute is written in. */
import type { Language } from '../content/content.ts'

/** What the other attributes of a tag have said; a value is UNKNOWN. In lower case. */
export type Facts = { readonly [attribute: string]: string }

/** What stands for a fact that a value of the template decides, or that the branches before differ in. */
export const UNKNOWN = '\0'

/** Attributes that a browser follows, loads from or sends to (HTML "attributes", SVG 2, and what browsers still honour). */
const URL_ATTRIBUTES = new Set(
  (
    'action archive background cite classid codebase data dynsrc formaction href icon longdesc lowsrc manifest ping ' +
    'poster profile src usemap base xmlns attributionsrc definitionurl ng-href ng-src hx-get hx-post hx-put hx-patch hx-delete hx-push-url ' +
    'hx-replace-url'
  ).split(' '),
)
/** Words at the end of a name of somebody's own that say that its value is an address: `data-image-url`, `my:href`. */
const URL_WORDS = /(?:^|[-_:.])(?:(?:\w*(?:href|src|url|uri))|action|formaction)$/
/** Elements whose address is a picture, a film or a sound, which may be in the address itself. */
const PICTURES = new Set(['img', 'image', 'source', 'video', 'audio', 'track', 'input', 'feimage', 'picture'])
/** SVG animations can set `href`, and name that target in another attribute. */
const ANIMATIONS = new Set(['animate', 'set', 'animatetransform', 'animatemotion', 'animatecolor'])
const ANIMATED = new Set(['to', 'from', 'by', 'values'])

/** Attributes of script libraries whose values are text of their own. */
const LIBRARY_TEXT =
  /^(?:x-(?:ref|teleport|cloak|ignore|mask|transition)|x-transition[:.].*|v-(?:cloak|pre|once)|ng-(?:app|view|cloak|controller|non-bindable))$/
/** Attributes of script libraries that name a variable to write to. */
const LIBRARY_VARIABLE = /^(?:x-model(?:able)?|v-model|ng-model)(?:[.:].*)?$/
/** Attributes that script libraries run: Alpine's x-… and @…, Vue's v-… and :…, AngularJS's ng-…, htmx's, Datastar's. */
const LIBRARY_SCRIPT = /^(?:on|@|:|x-|v-|ng[-:_]|hx-(?:on|vals|vars|headers|request)|data-on[-:]|data-bind$)/
/** Attributes with languages of their own that run. */
const LIBRARY_PROGRAM = /^(?:_|script|data-script|hx-trigger)$/

/** The attribute of the same tag that decides what the value of this one is, or null. */
export function decidingAttribute(element: string, attribute: string): string | null {
  if (element === 'meta' && attribute === 'content') return 'http-equiv'
  if (ANIMATIONS.has(element) && ANIMATED.has(attribute)) return 'attributename'
  return null
}

/** Attributes whose values are remembered while their tag is read. */
export function isFact(element: string, attribute: string): boolean {
  switch (element) {
    case 'script':
      return attribute === 'type' || attribute === 'language'
    case 'meta':
      return attribute === 'http-equiv'
    case 'annotation-xml':
      return attribute === 'encoding'
    default:
      return attribute === 'attributename' && ANIMATIONS.has(element)
  }
}

/** All names in lower case. */
export function attributeLanguage(element: string, attribute: string, facts: Facts): Language {
  const deciding = decidingAttribute(element, attribute)
  if (deciding === 'http-equiv') return metaLanguage(facts[deciding])
  if (deciding === 'attributename') return animatedLanguage(attribute, facts[deciding])
  // That of a script or a style decides how what is loaded is read, as long as nothing else says so.
  if (attribute === 'charset') return 'charset'
  if (element === 'meta' && attribute === 'http-equiv') return 'equiv'
  // Names with a prefix are those without one where the page is read as XML, and for scripts that ignore prefixes.
  const library = attribute.replace(/^(?:data|x)-(?=ng[-:_]|hx-)/, '').replace(/^ng[:_]/, 'ng-')
  if (LIBRARY_PROGRAM.test(library)) return 'program'
  if (LIBRARY_TEXT.test(library)) return 'plain'
  if (LIBRARY_VARIABLE.test(library)) return 'variable'
  if (URL_ATTRIBUTES.has(library)) return urlLanguage(element, library)
  if (library === 'ng-srcset') return 'srcset'
  if (LIBRARY_SCRIPT.test(library)) return 'js'
  if (attribute.startsWith('xmlns:')) return 'url'
  const local = attribute.slice(attribute.lastIndexOf(':') + 1)
  if (local !== attribute && local !== '') return attributeLanguage(element, local, facts)
  if (attribute === 'style') return 'css'
  if (attribute === 'srcdoc') return 'html'
  if (/^(?:data-)?(?:image)?srcset$/.test(attribute)) return 'srcset'
  // What is made for a script that will set the real one (html/template guesses so too).
  return URL_WORDS.test(attribute) && !attribute.endsWith('curl') ? urlLanguage(element, attribute) : 'plain'
}

function urlLanguage(element: string, attribute: string): Language {
  return PICTURES.has(element) && !/action|ping|cite/.test(attribute) ? 'image' : 'url'
}

function metaLanguage(equiv: string | undefined): Language {
  if (equiv === undefined) return 'plain'
  if (equiv === UNKNOWN) return 'unknown'
  if (equiv === 'refresh') return 'refresh'
  if (equiv === 'content-type') return 'charset'
  return /^content-security-policy/.test(equiv) ? 'policy' : 'plain'
}

function animatedLanguage(attribute: string, target: string | undefined): Language {
  if (target === undefined) return 'plain'
  if (target === UNKNOWN) return 'unknown'
  const name = target.trim()
  if (!/^(?:.*:)?(?:href|src)$/.test(name)) return /^on/.test(name) ? 'program' : 'plain'
  return attribute === 'values' ? 'urls' : 'url'
}

/** Elements whose content is text up to their own end tag. */
const RAW = new Set(['script', 'style', 'xmp', 'iframe', 'noembed', 'noframes'])
/** Of those, the ones in which the browser reads character references. */
const REFERENCES = new Set(['textarea', 'title'])

/** How a browser reads on behind the start tag of an HTML element. */
export function contentModel(element: string): 'markup' | 'raw' | 'rcdata' {
  return RAW.has(element) ? 'raw' : REFERENCES.has(element) ? 'rcdata' : 'markup'
}

/** What a raw element holds. */
export function rawLanguage(element: string, facts: Facts): Language {
  if (element === 'style') return 'css'
  if (element !== 'script') return 'literal'
  const language = facts['language']
  const given = facts['type'] ?? (language === undefined || language === '' ? '' : `text/${language}`)
  if (given === UNKNOWN) return 'unknown'
  // HTML §4.12.1, step 8 to 13: white space around the type does not count.
  const essence = given.split(';')[0]!.trim()
  if (/^(?:|module|(?:text|application)\/(?:x-)?(?:java|ecma|j|live)script(?:1\.\d)?)$/.test(essence)) return 'js'
  if (essence === 'importmap') return 'importmap'
  if (/^(?:speculationrules|(?:application|text)\/(?:[\w.-]+\+)?json)$/.test(essence)) return 'json'
  return 'unknown'
}

/** Names that decide what other attributes or the whole element mean. */
const DECIDING = new Set(
  'type language http-equiv charset encoding attributename sandbox is slot rel integrity content nonce'.split(' '),
)

/** Whether what the attribute says is run, by the browser or by a script library. */
export function isProgramAttribute(name: string): boolean {
  return /^(?:js|program|variable)$/.test(attributeLanguage('', name, {}))
}

/**
 * Whether a value may make up a whole attribute name (`<input {{ mode }}>`): only names without a value that
 * means anything to the browser as a program, an address or a style.
 */
export function isPlainAttribute(name: string): boolean {
  return /^[a-z][a-z0-9_-]*$/.test(name) && !DECIDING.has(name) && attributeLanguage('', name, {}) === 'plain'
}
