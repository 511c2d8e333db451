/** The chain of a template and the layouts it extends, and what the blocks of each are. */
import { TemplateError } from '../errors.ts'
import type { Block, Document, Node } from '../syntax/ast.ts'

/** A block's body together with the file it stands in. */
export interface Body {
  readonly block: Block
  readonly document: Document
}

/** What the files of one chain of `extends` share while they are compiled. */
export interface Layout {
  /** The template and what it extends, the base last. */
  readonly chain: readonly Document[]
  /** The bodies of each block, the most derived first. */
  readonly bodies: ReadonlyMap<string, readonly Body[]>
  /** The blocks that have found their place. */
  readonly used: Set<string>
  /** Nodes that may still be compiled: a loop is compiled again when it ends in another context than it began. */
  readonly budget: { left: number }
}

/** @param document finds a template by its name */
export function layoutOf(name: string, document: (name: string) => Document, parts: number): Layout {
  const chain = lineage(name, document)
  const bodies = new Map<string, Body[]>()
  for (const document of chain) {
    for (const [key, block] of document.blocks) {
      const known = bodies.get(key)
      if (known) known.push({ block, document })
      else bodies.set(key, [{ block, document }])
    }
  }
  return { chain, bodies, used: new Set(), budget: { left: parts } }
}

function lineage(name: string, find: (name: string) => Document): Document[] {
  const chain: Document[] = []
  for (let document = find(name); ; document = find(document.parent!.name)) {
    if (chain.some(({ source }) => source.name === document.source.name)) {
      const last = chain.at(-1)!
      throw new TemplateError('The templates extend each other in a circle', last.source, last.parent!.at)
    }
    chain.push(document)
    if (!document.parent) return chain
  }
}

/** What an extending template does before its layout: its variables and macros. */
export function preludeOf(document: Document): Node[] {
  const made: Node[] = []
  for (const node of document.nodes) {
    if (node.type === 'set' || node.type === 'macro') made.push(node)
    else if (node.type !== 'block' && !(node.type === 'text' && node.text.trim() === '')) {
      const problem = 'What stands outside the blocks of an extending template is never shown'
      throw new TemplateError(problem, document.source, textStart(node))
    }
  }
  return made
}

function textStart(node: Node): number {
  return node.type === 'text' ? node.at + node.text.length - node.text.trimStart().length : node.at
}

/** Every block of an extending template stands in its layout. */
export function checkUsed(layout: Layout): void {
  for (const document of layout.chain.slice(0, -1)) {
    for (const node of document.nodes) {
      if (node.type !== 'block' || layout.used.has(node.name)) continue
      const problem = `${document.parent!.name} has no block ${node.name}, so this is never shown`
      throw new TemplateError(problem, document.source, node.at)
    }
  }
}
