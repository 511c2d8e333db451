/** The stack of an error, with the source around each line of the program's own. */
import { pathOf, readSource } from '#source'
import { FRAMEWORK } from '../ground/framework.ts'

export interface Frame {
  readonly call: string
  /** '' for what is in no file. */
  readonly file: string
  readonly line: number
  readonly column: number
  /** Whether it is the program's own: not Node's, not a package's, not the framework's. */
  readonly own: boolean
  readonly excerpt: Excerpt | null
}

export interface Excerpt {
  /** The number of the first line. */
  readonly first: number
  readonly lines: readonly string[]
}

/** Lines shown before and after the one that is meant. */
const AROUND = 5
/** Frames looked at, and how many of them with their source. */
const FRAMES = 30
const EXCERPTS = 8
const LINE = /^\s*at (?:(.+?) \()?((?:file:\/\/|\/|node:)[^()]*?):(\d+):(\d+)\)?$/

export function framesOf(stack: string): Frame[] {
  const frames: Frame[] = []
  let shown = 0
  for (const text of stack.split('\n')) {
    if (frames.length >= FRAMES) break
    const found = LINE.exec(text)
    if (found === null) continue
    const file = found[2]!.startsWith('file://') ? pathOf(found[2]!) : found[2]!
    const line = Number(found[3])
    const own = isOwn(file)
    const excerpt = own && shown < EXCERPTS ? excerptOfFile(file, line) : null
    if (excerpt !== null) shown++
    frames.push({ call: found[1] ?? '', file, line, column: Number(found[4]), own, excerpt })
  }
  return frames
}

const FRAMEWORK_PATH = FRAMEWORK === null ? null : pathOf(FRAMEWORK)

/** The framework's own tests are programs like any other. */
function isOwn(file: string): boolean {
  if (file.startsWith('node:') || file.includes('/node_modules/')) return false
  return FRAMEWORK_PATH === null || !file.startsWith(FRAMEWORK_PATH) || file.endsWith('.test.ts')
}

/** The lines around `line` of a text; null when it has no such line. */
function excerptOf(text: string, line: number): Excerpt | null {
  const lines = text.split('\n')
  if (line < 1 || line > lines.length) return null
  const first = Math.max(1, line - AROUND)
  return { first, lines: lines.slice(first - 1, line + AROUND) }
}

export function excerptOfFile(file: string, line: number): Excerpt | null {
  const text = readSource(file)
  return text === null ? null : excerptOf(text, line)
}
