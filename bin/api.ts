/**
 * `npm run api`: the public API as text, one file for each subpath export in `docs/api/`, so that a change of it shows in
 * the diff and is meant. A test makes the report anew and compares; it also counts what has no doc comment.
 *
 * The compiler writes the declarations, this reads them: an `index.d.ts` re-exports, and every other file declares.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { type ModuleItem, parseSync, type Span } from '@swc/core'

const root = join(import.meta.dirname, '..')
/** Where the reports are kept. */
export const REPORTS = join(root, 'docs/api')

export interface Symbol {
  readonly name: string
  /** The declarations without comments: several for overloads, and for a type and a value of one name. */
  readonly text: string
  readonly documented: boolean
  /** Members (of classes and interfaces) without a doc comment. */
  readonly bare: readonly string[]
  /** The source file. */
  readonly file: string
}

/** The public symbols of each subpath (`http`, `socket/node`), by name. */
export function publicApi(): Map<string, Symbol[]> {
  const folder = mkdtempSync(join(tmpdir(), 'reticle-api-'))
  try {
    const compiler = join(root, 'node_modules/.bin/tsc')
    const options = [
      '-p',
      'tsconfig.build.json',
      '--outDir',
      folder,
      '--emitDeclarationOnly',
      '--sourceMap',
      'false',
      '--inlineSources',
      'false',
    ]
    execFileSync(compiler, options, { cwd: root, stdio: 'inherit' })
    const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      exports: Record<string, unknown>
    }
    const api = new Map<string, Symbol[]>()
    for (const [path, source] of Object.entries(exports)) {
      if (typeof source !== 'string' || !source.endsWith('.ts')) continue
      const file = join(folder, source.replace(/\.ts$/, '.d.ts'))
      const symbols = [...new Declarations(folder).exportsOf(file).values()]
      api.set(
        path === '.' ? 'index' : path.slice(2),
        symbols.sort((a, b) => (a.name < b.name ? -1 : 1)),
      )
    }
    return api
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The report of one subpath. */
export function reportOf(path: string, symbols: readonly Symbol[]): string {
  const name = path === 'index' ? 'reticle' : `reticle/${path}`
  return `# ${name}: ${symbols.length} public names\n\n${symbols.map(({ text }) => `${text}\n`).join('\n')}`
}

/** Where the report of a subpath is kept. */
export function reportFile(path: string): string {
  return join(REPORTS, `${path.replaceAll('/', '-')}.txt`)
}

/** One file of declarations. */
interface Source {
  readonly bytes: Uint8Array
  readonly items: readonly ModuleItem[]
  /** The parser counts octets, from wherever it left off with the file before. */
  readonly start: number
}

/** The file behind one of package.json's `imports` where no other condition applies. */
function standardFile(name: string): string {
  const { imports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    imports: Record<string, { default: string }>
  }
  return imports[name]!.default
}

class Declarations {
  readonly #folder: string
  readonly #sources = new Map<string, Source>()

  constructor(folder: string) {
    this.#folder = folder
  }

  #source(file: string): Source {
    let source = this.#sources.get(file)
    if (source === undefined) {
      const text = readFileSync(file, 'utf8')
      // A first statement of a known place tells where the parser's count begins.
      const marked = `;${text}`
      const { body } = parseSync(marked, { syntax: 'typescript', target: 'esnext' })
      source = { bytes: Buffer.from(marked), items: body.slice(1), start: (body[0] as { span: Span }).span.start }
      this.#sources.set(file, source)
    }
    return source
  }

  /** What the file exports, by the name it has outside. */
  exportsOf(file: string): Map<string, Symbol> {
    const found = new Map<string, Symbol>()
    for (const item of this.#source(file).items) {
      if (item.type === 'ExportAllDeclaration') {
        for (const [name, symbol] of this.exportsOf(this.#resolve(file, item.source.value))) found.set(name, symbol)
      } else if (item.type === 'ExportNamedDeclaration') {
        const from = item.source ? this.#resolve(file, item.source.value) : file
        for (const specifier of item.specifiers) {
          if (specifier.type === 'ExportNamespaceSpecifier') {
            const { value } = specifier.name as { value: string }
            const inner = [...this.exportsOf(from).values()].map(({ text }) => text.replace(/^/gm, '  ')).join('\n\n')
            found.set(value, {
              name: value,
              text: `namespace ${value} {\n${inner}\n}`,
              documented: true,
              bare: [],
              file: relative(this.#folder, from),
            })
          } else if (specifier.type === 'ExportSpecifier') {
            const original = specifier.orig.value
            const name = specifier.exported?.value ?? original
            const symbol = this.#named(from, original)
            if (symbol === null)
              throw new Error(
                `${relative(this.#folder, file)} exports ${original}, which ${relative(this.#folder, from)} does not declare`,
              )
            found.set(name, { ...symbol, name })
          }
        }
      } else for (const name of declaredNames(item)) found.set(name, this.#named(file, name)!)
    }
    return found
  }

  #resolve(file: string, specifier: string): string {
    // What differs between platforms is named in package.json; all of them declare the same.
    const path = specifier.startsWith('#')
      ? join(this.#folder, standardFile(specifier))
      : join(dirname(file), specifier)
    return path.replace(/\.(ts|js)$/, '.d.ts')
  }

  /** The symbol that a file declares, or passes on. */
  #named(file: string, name: string): Symbol | null {
    const source = this.#source(file)
    const own = source.items.filter((item) => declaredNames(item).includes(name))
    if (own.length === 0) return this.exportsOf(file).get(name) ?? null
    const texts = own.map((item) => this.#text(source, item))
    return {
      name,
      text: texts.map(({ text }) => withoutComments(text)).join('\n'),
      documented: texts.some(({ documented }) => documented),
      bare: texts.flatMap(({ text }) => bareMembers(text)),
      file: relative(this.#folder, file).replace(/\.d\.ts$/, '.ts'),
    }
  }

  #text({ bytes, start }: Source, item: ModuleItem): { text: string; documented: boolean } {
    const { span } = item as { span: Span }
    const decoder = new TextDecoder()
    const before = decoder.decode(bytes.subarray(0, span.start - start)).trimEnd()
    return {
      text: decoder.decode(bytes.subarray(span.start - start, span.end - start)),
      documented: before.endsWith('*/'),
    }
  }
}

/** The names that a statement declares and exports, or declares for an `export { … }` elsewhere. */
function declaredNames(item: ModuleItem): readonly string[] {
  const declaration = item.type === 'ExportDeclaration' ? item.declaration : item
  switch (declaration.type) {
    case 'ClassDeclaration':
    case 'FunctionDeclaration':
      return [declaration.identifier.value]
    case 'TsInterfaceDeclaration':
    case 'TsTypeAliasDeclaration':
      return [declaration.id.value]
    case 'TsModuleDeclaration':
      return [String(declaration.id.value)]
    case 'VariableDeclaration':
      return declaration.declarations.flatMap(({ id }) => (id.type === 'Identifier' ? [id.value] : []))
    default:
      return []
  }
}

function withoutComments(text: string): string {
  return text
    .replace(/\/\*\*[\s\S]*?\*\//g, '')
    .split('\n')
    .filter((line) => !/^\s*(#private;|private .*;)?\s*$/.test(line))
    .join('\n')
    .replace(/^export (declare )?/, '')
}

/** Members at the first level that no comment stands above. */
function bareMembers(text: string): string[] {
  const bare: string[] = []
  const lines = text.split('\n')
  lines.forEach((line, i) => {
    const member = /^ {4}(?:static |readonly |get |set |protected |abstract )*([A-Za-z_]\w*)\??[(<:]/.exec(line)?.[1]
    if (member === undefined || member === 'constructor') return
    if (!/\*\/\s*$/.test(lines[i - 1] ?? '')) bare.push(member)
  })
  return bare
}

if (import.meta.main) {
  rmSync(REPORTS, { recursive: true, force: true })
  let names = 0
  let undocumented = 0
  for (const [path, symbols] of publicApi()) {
    const file = reportFile(path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, reportOf(path, symbols))
    names += symbols.length
    const bare = symbols.filter(({ documented }) => !documented)
    undocumented += bare.length
    if (process.argv.includes('--missing'))
      for (const { name, file } of bare) console.log(`${file}: ${name} has no doc comment`)
  }
  console.log(`docs/api/ lists ${names} public names; ${undocumented} have no doc comment (--missing names them)`)
}
