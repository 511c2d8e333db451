/** What runs in the browser: parses pages and says where in their trees the markers of the outputs have arrived. */

const MARKER = /mk(\d+)x/g
const RAW = /^(script|style|textarea|title|xmp|iframe|noembed|noframes|noscript|plaintext)$/
const HTML = 'http://www.w3.org/1999/xhtml'

function* nodesOf(root) {
  for (const node of root.childNodes) {
    yield node
    yield* nodesOf(node)
    if (node.content instanceof DocumentFragment || node.content?.nodeType === 11) yield* nodesOf(node.content)
  }
}

/** Each arrival: which output, in what, and the whole text that it stands in with the place in it. */
function arrivals(document) {
  const found = []
  const note = (text, kind) => {
    for (const match of text.matchAll(MARKER)) found.push({ output: Number(match[1]), kind, text, at: match.index })
  }
  for (const node of nodesOf(document)) {
    if (node.nodeType === 8) note(node.data, 'comment')
    else if (node.nodeType === 3) {
      const { parentNode } = node
      const raw = parentNode.namespaceURI === HTML && RAW.test(parentNode.localName)
      note(node.data, raw ? `raw ${parentNode.localName}` : 'text')
    } else if (node.nodeType === 1) {
      note(node.localName, 'element')
      for (const { name, value } of node.attributes) {
        note(name, 'name')
        note(value, `${name.toLowerCase().replace(MARKER, '')} of ${node.localName.toLowerCase()}`)
      }
    } else if (node.nodeType !== 10) note(node.nodeValue ?? '', 'other')
  }
  return found
}

const parser = new DOMParser()
const frame = document.createElement('iframe')
document.body.append(frame)

/** Parses as a browser without scripts does, and as one with them, which differ in `<noscript>` only. */
globalThis.placesIn = (pages) =>
  JSON.stringify(
    pages.map((html) => {
      const without = arrivals(parser.parseFromString(`<!doctype html>${html}`, 'text/html'))
      if (!/<noscript/i.test(html)) return [without, []]
      const inner = frame.contentDocument
      inner.open()
      inner.write(`<!doctype html><meta http-equiv=Content-Security-Policy content="default-src 'none'">${html}`)
      inner.close()
      return [without, arrivals(inner)]
    }),
  )

/** In serialized CSS strings are in double quotes, and addresses are strings in `url()`. */
function cssKinds(text, found) {
  for (const match of text.matchAll(MARKER)) {
    let quoted = false
    let address = false
    for (let i = 0; i < match.index; i++) {
      if (text[i] === '\\') i++
      else if (text[i] === '"') {
        quoted = !quoted
        address = quoted && /(^|[^-\w])url\($/.test(text.slice(0, i))
      }
    }
    found.push({ output: Number(match[1]), kind: quoted ? (address ? 'address' : 'string') : 'code', text })
  }
}

function readRules(rules, found) {
  for (const rule of rules) {
    cssKinds(rule.selectorText ?? '', found)
    cssKinds(rule.conditionText ?? rule.name ?? '', found)
    if (rule.href) cssKinds(`url("${rule.href}")`, found)
    for (const name of rule.style ?? []) cssKinds(rule.style.getPropertyValue(name), found)
    if (rule.cssRules) readRules(rule.cssRules, found)
  }
}

/** Where in style sheets, or in the values of style attributes, the markers have arrived. */
globalThis.stylesIn = (styles) =>
  JSON.stringify(
    styles.map(({ text, attribute }) => {
      const found = []
      if (attribute) {
        const element = document.createElement('p')
        element.setAttribute('style', text)
        for (const name of element.style) cssKinds(element.style.getPropertyValue(name), found)
      } else {
        const sheet = new CSSStyleSheet()
        sheet.replaceSync(text)
        readRules(sheet.cssRules, found)
      }
      return found
    }),
  )
