/**
 * `npm run build`: the package as it is published, in `dist/`: JavaScript with types and source maps, the examples
 * (`reticle look` shows one of them), the documents, and a package.json whose exports name the built files.
 *
 *     npm run build && npm pack ./dist        # reticle-0.1.0.tgz, to be installed in a project
 */
import { execFileSync } from 'node:child_process'
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

const root = join(import.meta.dirname, '..')

/** Builds into `dist`, which is emptied first. */
export function build(dist: string = join(root, 'dist')): void {
  rmSync(dist, { recursive: true, force: true })
  const compiler = join(root, 'node_modules/.bin/tsc')
  execFileSync(compiler, ['-p', 'tsconfig.build.json', '--outDir', dist], { cwd: root, stdio: 'inherit' })
  // The sources stand in the maps, beside the names of their files.
  for (const path of globSync('**/*.js.map', { cwd: dist })) {
    const map = JSON.parse(readFileSync(join(dist, path), 'utf8')) as { sources: string[] }
    writeFileSync(join(dist, path), JSON.stringify({ ...map, sources: [`${basename(path, '.js.map')}.ts`] }))
  }
  const assets = globSync(
    ['examples/*/{templates,static}/**/*.*', 'examples/zones/*', 'docs/**/*.*', '*.md', 'LICENSE'],
    { cwd: root },
  )
  for (const path of assets) {
    mkdirSync(dirname(join(dist, path)), { recursive: true })
    cpSync(join(root, path), join(dist, path))
  }
  mkdirSync(join(dist, 'bin'))
  writeFileSync(
    join(dist, 'bin/reticle.js'),
    readFileSync(join(root, 'bin/reticle.js'), 'utf8').replaceAll('.ts', '.js'),
  )
  writeFileSync(join(dist, 'package.json'), `${JSON.stringify(manifest(), null, 2)}\n`)
}

/** What the package says of itself: the checkout's package.json without what is for developing. */
function manifest(): object {
  const about = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, unknown>
  for (const key of ['private', 'scripts', 'devDependencies', 'allowScripts']) delete about[key]
  return {
    ...about,
    exports: built(about['exports'] as Paths, (path) => ({
      types: path.replace(/\.ts$/, '.d.ts'),
      default: path.replace(/\.ts$/, '.js'),
    })),
    ...(about['imports'] === undefined
      ? {}
      : { imports: built(about['imports'] as Paths, (path) => path.replace(/\.ts$/, '.js')) }),
  }
}

type Paths = { readonly [name: string]: string | Paths }

/** The same table with the built files in the place of the sources, at any depth of conditions. */
function built(paths: Paths, of: (path: string) => string | object): object {
  return Object.fromEntries(
    Object.entries(paths).map(([name, path]) => [
      name,
      typeof path === 'object' ? built(path, of) : path.endsWith('.ts') ? of(path) : path,
    ]),
  )
}

if (import.meta.main) {
  build()
  console.log('dist/ holds the package: npm pack ./dist makes a tarball of it')
}
