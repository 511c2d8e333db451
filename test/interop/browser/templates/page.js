/** What runs in the browser: loads pages into frames, tries everything in them, and says what they have become. */

/** How many frames load at one time. */
const AT_ONCE = 16

/** What every page begins with: `pwn()` is called by values that are believed, `got()` by scripts that were given one. */
const PRELUDE =
  '<!doctype html><meta charset=utf-8><meta http-equiv=Content-Security-Policy content="default-src \'unsafe-inline\' data:">' +
  '<script>pwned = 0; arrived = []; broken = 0; onerror = () => { broken++; return true };' +
  'pwn = () => { pwned++; return "" }; f = () => {}; got = (v) => { arrived.push(v) };' +
  'onsubmit = (e) => e.preventDefault(); onclick = (e) => e.preventDefault()</script>'

const ADDRESSES =
  'href xlink:href src action formaction data poster ping cite background to from values srcset data-href g:url'.split(
    ' ',
  )
const RUNS = /^(javascript:|vbscript:|data:text|data:image\/svg)/i

/** Elements, those of templates and of documents inside attributes too. */
function elementsOf(root) {
  const all = []
  for (const element of root.querySelectorAll('*')) {
    all.push(element)
    if (element.content instanceof root.defaultView.DocumentFragment) all.push(...element.content.querySelectorAll('*'))
  }
  return all
}

/** The attributes that the places of the tests have where a value may be the name of another one. */
const INPUT = /^(class|value|type|id|on.*|style|href|src)$/

/** Name space, name and names of attributes of each. */
function shapeOf(elements) {
  return elements.map(({ namespaceURI, tagName, localName }, i) => {
    const names = elements[i].getAttributeNames().map((name) => name.replace(/^data-[-\w]*$/, 'data-'))
    const shown = localName === 'input' ? names.filter((name) => INPUT.test(name)) : names
    return `${namespaceURI.slice(-4)}:${tagName.replace(/^H[1-6]$/, 'H1')} ${shown.join(' ')}`
  })
}

/** Addresses that run something, as the browser understands them. */
function runningAddresses(elements) {
  const found = []
  for (const element of elements)
    for (const name of ADDRESSES) {
      const value = element.getAttribute(name)
      const animates = name === 'to' || name === 'from' || name === 'values'
      if (value === null || (animates && !/href$/.test(element.getAttribute('attributeName')))) continue
      for (const part of name === 'values' ? value.split(';') : [value]) {
        const seen = part.replace(/^[\0- ]+/, '').replace(/[\t\n\r]/g, '')
        if (RUNS.test(seen) && !/^data:image\/png/.test(seen)) found.push(`${element.tagName} ${name}=${part}`)
      }
    }
  return found
}

/** What the styles of a page say, without their values. */
function rulesOf(rules) {
  return [...rules].map((rule) => {
    const selector = (rule.selectorText ?? '').replace(/\.a-[^ ]*/g, '.a-')
    const names = rule.style ? [...rule.style].filter((name) => name !== 'color') : []
    return `${rule.constructor.name} ${selector} {${names}} ${rule.cssRules ? rulesOf(rule.cssRules) : ''}`
  })
}

function describe(view, place) {
  const { document } = view
  const elements = elementsOf(document)
  const styles = elements.flatMap((element) =>
    element.getAttribute('style') === null ? [] : [[...element.style].filter((name) => name !== 'color').join()],
  )
  const shown = [...document.querySelectorAll('.i')]
  const arrived =
    place === 'text'
      ? shown.map((element) => element.textContent)
      : place[0] === '@'
        ? shown.map((element) => element.getAttribute(place.slice(1)))
        : place === 'got'
          ? view.arrived
          : []
  const comments = document.createNodeIterator(document, 128)
  let count = 0
  while (comments.nextNode()) count++
  return {
    pwned: view.pwned ?? 0,
    broken: view.broken ?? 0,
    addresses: runningAddresses(elements),
    shape: [...shapeOf(elements), `${count} comments`],
    rules: [...document.styleSheets].flatMap((sheet) => rulesOf(sheet.cssRules)),
    styles,
    arrived,
  }
}

/** Sets off every handler there is. */
function tryEverything(view) {
  for (const element of view.document.querySelectorAll('*'))
    for (const name of element.getAttributeNames())
      if (name.startsWith('on')) element.dispatchEvent(new view.Event(name.slice(2)))
}

function load({ html, arrives, inert }) {
  if (inert) {
    const document = new DOMParser().parseFromString(`<!doctype html>${html}`, 'text/html')
    // Documents inside attributes are pages of their own.
    const inner = [...document.querySelectorAll('iframe[srcdoc]')].map((frame) =>
      load({ html: frame.getAttribute('srcdoc'), arrives: '', inert: true }),
    )
    const view = { document: Object.assign(document, {}), pwned: 0, broken: 0, arrived: [] }
    Object.defineProperty(document, 'defaultView', { value: window, configurable: true })
    const here = describe(view, arrives)
    return {
      ...here,
      shape: [here.shape, ...inner.map(({ shape }) => shape)],
      addresses: [here.addresses, ...inner.map(({ addresses }) => addresses)].flat(),
    }
  }
  return new Promise((resolve) => {
    const frame = document.createElement('iframe')
    frame.onload = () => {
      frame.onload = null
      tryEverything(frame.contentWindow)
      const found = describe(frame.contentWindow, arrives)
      frame.remove()
      resolve(found)
    }
    frame.srcdoc = PRELUDE + html // one that never loads ends with the time of the whole test
    document.body.append(frame)
  })
}

/** Loads all pages, a few at one time; what each has become, in order, as JSON: that is quicker than handing it over. */
globalThis.lookAt = async (pages) => {
  const results = []
  for (let from = 0; from < pages.length; from += AT_ONCE) {
    results.push(...(await Promise.all(pages.slice(from, from + AT_ONCE).map(load))))
  }
  return JSON.stringify(results)
}
