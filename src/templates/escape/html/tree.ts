/**
 * What of the tree a browser builds decides how it reads on (HTML §13.2.6): behind `<style>` there is text up to the end
 * tag, but not inside an `<svg>`, and in an older browser not inside a `<select>`. Inside foreign content (SVG, MathML)
 * the open elements are followed exactly; elsewhere nothing of them matters but a few.
 */
import { contentModel, type Facts, UNKNOWN } from './attributes.ts'

export interface Tree {
  /**
   * The open elements from the outermost `<svg>` or `<math>` down: `svg:svg svg:title html:b`; none outside. An
   * annotation that holds HTML is `math:annotation-xml/html`: no name has a slash.
   */
  readonly foreign: string
  /** Whether a `<select>` is or may be open. */
  readonly select: boolean
  /** Whether a `<template>` has been opened or closed and nothing since that decides what it holds. */
  readonly template: boolean
  /** Inside `<noscript>`: what has been read of its end tag, wherever that would stand; null outside. */
  readonly noscript: string | null
}

export const ROOT: Tree = { foreign: '', select: false, template: false, noscript: null }

/** Elements without an end tag. */
const VOID = new Set(
  'area base basefont bgsound br col embed frame hr image img input keygen link meta param source track wbr command'.split(
    ' ',
  ),
)
/** Start tags that end foreign content (HTML §13.2.6.5). */
const BREAKOUT = new Set(
  (
    'b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i img li listing menu meta ' +
    'nobr ol p pre ruby s small span strong strike sub sup table tt u ul var'
  ).split(' '),
)
/** Elements of SVG and MathML that hold HTML, or text that HTML's rules apply to. */
const INTEGRATION = new Set('svg:foreignobject svg:desc svg:title math:annotation-xml/html'.split(' '))
const TEXT_INTEGRATION = new Set('math:mi math:mo math:mn math:ms math:mtext'.split(' '))
/** What stands in a `<template>` without deciding what it holds. */
const NEUTRAL = new Set('base basefont bgsound link meta noframes script style template title'.split(' '))

/** The element that is open here: `svg:title`; '' in HTML. */
function current(tree: Tree): string {
  return tree.foreign.slice(tree.foreign.lastIndexOf(' ') + 1)
}

/** Whether the element that is open here is none of HTML: `<![CDATA[` begins text there. */
export function isForeign(tree: Tree): boolean {
  return tree.foreign !== '' && !current(tree).startsWith('html:')
}

/** The name space of an element whose start tag stands here. */
function spaceOf(tree: Tree, element: string): 'html' | 'svg' | 'math' {
  const parent = current(tree)
  const html =
    parent === '' ||
    parent.startsWith('html:') ||
    INTEGRATION.has(parent) ||
    (TEXT_INTEGRATION.has(parent) && element !== 'mglyph' && element !== 'malignmark') ||
    (parent === 'math:annotation-xml' && element === 'svg')
  if (!html) return parent.startsWith('svg:') ? 'svg' : 'math'
  return element === 'svg' || element === 'math' ? element : 'html'
}

/** What follows a start tag, or why it cannot stand here. */
export function openElement(
  tree: Tree,
  element: string,
  facts: Facts,
  selfClosing: boolean,
): { readonly tree: Tree; readonly model: 'markup' | 'raw' | 'rcdata' } | string {
  const space = spaceOf(tree, element)
  if (space !== 'html') return openForeign(tree, space, element, facts, selfClosing)
  const model = contentModel(element)
  const problem = placeProblem(tree, element, model, selfClosing)
  if (problem !== null) return problem
  const template = element === 'template' || (tree.template && NEUTRAL.has(element))
  const open = tree.foreign !== '' && !VOID.has(element) && model === 'markup'
  return {
    tree: {
      foreign: open ? `${tree.foreign} html:${element}` : tree.foreign,
      select: tree.select || element === 'select',
      template,
      noscript: element === 'noscript' ? '' : tree.noscript,
    },
    model,
  }
}

const NOSCRIPT_TWICE =
  'A browser with scripts and one without read this <noscript> differently: put it neither into another one nor into <svg>'

function placeProblem(tree: Tree, element: string, model: string, selfClosing: boolean): string | null {
  if (selfClosing && model !== 'markup') return `<${element}/> is not closed in HTML: write <${element}></${element}>`
  if (element === 'plaintext') return '<plaintext> has no end: write <pre>'
  if (element === 'frameset')
    return 'Pages with frames are not supported: browsers read their elements by rules of their own'
  if (element === 'col' && tree.template)
    return 'Browsers leave out what follows a <col> directly inside a <template>: put <colgroup> around it'
  if (element === 'noscript' && tree.noscript !== null) return NOSCRIPT_TWICE
  const special = model !== 'markup' || element === 'template' || element === 'noscript'
  if (tree.select && special && element !== 'script')
    return `Browsers differ in how they read <${element}> inside <select>: close the <select> first`
  return null
}

function openForeign(tree: Tree, space: 'svg' | 'math', element: string, facts: Facts, selfClosing: boolean) {
  const outermost = tree.foreign === ''
  if (outermost && tree.select)
    return `Browsers differ in how they read <${element}> inside <select>: close the <select> first`
  if (element === 'noscript') return NOSCRIPT_TWICE
  if (BREAKOUT.has(element) || element === 'font')
    return `<${element}> ends the <${space}> around it: put HTML into <foreignObject>, or close the <${space}> first`
  if (selfClosing) return { tree, model: 'markup' as const }
  let name: string = element
  if (space === 'math' && element === 'annotation-xml') {
    const encoding = facts['encoding']
    if (encoding === UNKNOWN) return 'The encoding of <annotation-xml> decides how it is read: write it'
    if (encoding === 'text/html' || encoding === 'application/xhtml+xml') name += '/html'
  }
  const foreign = `${outermost ? '' : `${tree.foreign} `}${space}:${name}`
  return { tree: { ...tree, foreign, template: false }, model: 'markup' as const }
}

/** What follows an end tag, or why it cannot stand here. */
export function closeElement(tree: Tree, element: string): Tree | string {
  const closed: Tree = {
    ...tree,
    select: tree.select && element !== 'select',
    template: tree.template || element === 'template',
    noscript: element === 'noscript' ? null : tree.noscript,
  }
  if (tree.foreign === '') return closed
  const open = tree.foreign.split(' ')
  if (isForeign(tree) && element !== 'p' && element !== 'br') {
    // HTML §13.2.6.5, any other end tag: up to the element of that name, as long as they are foreign.
    for (let i = open.length - 1; i >= 0 && !open[i]!.startsWith('html:'); i--) {
      const name = open[i]!.slice(open[i]!.indexOf(':') + 1).replace('/html', '')
      if (name === element) return { ...closed, foreign: open.slice(0, i).join(' ') }
    }
  } else if (open.at(-1) === `html:${element}`) return { ...closed, foreign: open.slice(0, -1).join(' ') }
  const outermost = open[0]!.slice(open[0]!.indexOf(':') + 1)
  return `</${element}> closes no element inside the <${outermost}>: close what is open there, each by its own end tag, before it`
}

/** Why a value cannot stand between the tags here, or null. */
export function textProblem(tree: Tree): string | null {
  const found = /(?:svg|math):(script|style)(?: |$)/.exec(tree.foreign)
  if (found === null) return null
  return `A value cannot stand in a <${found[1]}> inside <svg> or <math>: browsers read it as markup and run it: put it outside`
}

const NOSCRIPT_END = '</noscript'

/** Follows, inside `<noscript>`, what a browser that runs scripts looks for there: the end tag, whatever it stands in. */
export function noscriptNext(read: string, char: string): string {
  const next = read + char.toLowerCase()
  if (NOSCRIPT_END.startsWith(next)) return next
  return char === '<' ? '<' : ''
}

export function noscriptEnds(read: string): boolean {
  return read === NOSCRIPT_END
}

/** What is known where two ways meet; null when they differ in what is open. */
export function joinTrees(a: Tree, b: Tree): Tree | null {
  if (a.foreign !== b.foreign || a.noscript !== b.noscript) return null
  return { ...a, select: a.select || b.select, template: a.template || b.template }
}

export function treeKey({ foreign, select, template, noscript }: Tree): string {
  return `${foreign}/${select}/${template}/${noscript}`
}

/** The outermost element that is still open, or null. */
export function openForeignElement(tree: Tree): string | null {
  return tree.foreign === '' ? null : tree.foreign.split(' ')[0]!.split(':')[1]!
}
