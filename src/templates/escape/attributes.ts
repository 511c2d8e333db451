/** What language the value of an attribute is written in. */

export type Language = 'plain' | 'url' | 'srcset' | 'css' | 'js' | 'json' | 'html' | 'unknown'

/** Attributes that a browser follows, loads from or sends to (HTML "attributes", SVG 2, and what browsers still honour). */
const URL_ATTRIBUTES = new Set(
  (
    'action archive background cite classid codebase data dynsrc formaction href icon longdesc lowsrc manifest ping ' +
    'poster profile src usemap xlink:href xml:base'
  ).split(' '),
)
/** SVG animations can set `href`, and name that target in another attribute. */
const ANIMATIONS = new Set(['animate', 'set', 'animatetransform', 'animatemotion'])
const ANIMATED = new Set(['to', 'from', 'by', 'values'])

/** Both names in lower case. */
export function attributeLanguage(element: string, attribute: string): Language {
  // Attributes that script libraries run: Alpine's x-… and @…, Vue's v-… and :…, htmx's hx-on….
  if (/^(on|@|:|x-|v-|hx-on|hx-vals|hx-vars|ng-)/.test(attribute)) return 'js'
  if (attribute === 'style') return 'css'
  if (attribute === 'srcdoc') return 'html'
  if (attribute === 'srcset' || attribute === 'imagesrcset') return 'srcset'
  if (URL_ATTRIBUTES.has(attribute)) return 'url'
  if (ANIMATIONS.has(element) && ANIMATED.has(attribute)) return 'url'
  // `data-href` and the like are made for a script that will set the real one (html/template guesses so too).
  if (/^(data-|aria-)/.test(attribute) && /(href|src|url|uri|action)/.test(attribute)) return 'url'
  return 'plain'
}

/** Elements whose content is text up to their own end tag (HTML "raw text", "escapable raw text", and legacy ones). */
const RAW = new Set(['script', 'style', 'textarea', 'title', 'xmp', 'iframe', 'noembed', 'noframes', 'plaintext'])

export function isRaw(element: string): boolean {
  return RAW.has(element)
}

/** What a raw element holds. `type` is the type attribute of a script. */
export function rawLanguage(element: string, type: string): Language {
  if (element === 'style') return 'css'
  if (element !== 'script') return 'plain'
  const essence = type.split(';')[0]!.trim().toLowerCase()
  if (/^(|module|(text|application)\/(x-)?(java|ecma|j|live)script(1\.\d)?)$/.test(essence)) return 'js'
  if (/^(importmap|speculationrules|(application|text)\/([\w.-]+\+)?json)$/.test(essence)) return 'json'
  return 'unknown'
}

/**
 * Whether a value may make up a whole attribute name (`<input {{ mode }}>`): only names without a value that
 * means anything to the browser as a program, an address or a style.
 */
export function isPlainAttribute(name: string): boolean {
  return /^[a-z][a-z0-9_-]*$/.test(name) && attributeLanguage('', name) === 'plain' && name !== 'type'
}
