/** The programs and commands that stand in the documents, as a reader would copy them. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')

/** A TypeScript program of a document: its blocks joined, since a block without imports goes on from the one before. */
export interface Program {
  /** The document and the program's number in it, from 1: `README.md 2`. */
  readonly name: string
  /** The file that its first line names (`// site.ts`), so that another program can import it; null where none does. */
  readonly file: string | null
  readonly text: string
}

/** A template of a document: its first line names the file, `{# templates/page.html #}`. */
export interface Template {
  readonly file: string
  readonly text: string
}

/** A line of a shell block. */
export interface Command {
  /** The document. */
  readonly document: string
  readonly text: string
}

/** The documents that users and contributors read. */
export const documents: readonly string[] = globSync(['*.md', 'docs/**/*.md', 'src/*/README.md'], { cwd: root }).sort()

interface Block {
  readonly language: string
  readonly text: string
}

function blocksOf(document: string): Block[] {
  const text = readFileSync(join(root, document), 'utf8')
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language, text]) => ({
    language: language!,
    text: text!,
  }))
}

export function programs(): Program[] {
  return documents.flatMap((document) => {
    const found: string[] = []
    for (const { language, text } of blocksOf(document)) {
      if (language !== 'ts') continue
      const goesOn = found.length > 0 && !/^import /m.test(text)
      if (goesOn) found[found.length - 1] += `\n${text}`
      else found.push(text)
    }
    return found.map((text, i) => ({
      name: `${document} ${i + 1}`,
      file: /^\/\/ ([\w.-]+\.ts)$/m.exec(text.split('\n', 1)[0]!)?.[1] ?? null,
      text,
    }))
  })
}

export function templates(): Template[] {
  return documents.flatMap((document) =>
    blocksOf(document).flatMap(({ language, text }) => {
      const file = language === 'html' ? /^\{# ([\w./-]+) #\}\n/.exec(text)?.[1] : undefined
      return file === undefined ? [] : [{ file, text }]
    }),
  )
}

/** Every command of a shell block that runs a program of the package. */
export function commands(): Command[] {
  return documents.flatMap((document) =>
    blocksOf(document)
      .filter(({ language }) => language === '' || language === 'sh')
      .flatMap(({ text }) => text.split('\n'))
      .map((line) =>
        line
          .replace(/^\$ /, '')
          .replace(/\s{2,}#.*$/, '')
          .trim(),
      )
      .filter((line) => /^(npm run -s reticle -- |reticle |npx node examples\/)/.test(line))
      .map((text) => ({ document, text })),
  )
}
