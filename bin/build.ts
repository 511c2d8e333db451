/**
 * `npm run build`: the package as it is published, in `dist/`: JavaScript with types and source maps, the examples
 * (`reticle look` shows one of them), the documents, and a package.json whose exports name the built files.
 *
 *     npm run build && npm pack ./dist        # reticle-0.1.0.tgz, to be installed in a project
 */
import { execFileSync } from 'node:child_process'
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { build as esbuild } from 'esbuild'

const root = join(import.meta.dirname, '..')

/** Builds into `dist`, which is emptied first. */
export async function build(dist: string = join(root, 'dist')): Promise<void> {
  rmSync(dist, { recursive: true, force: true })
  const compiler = join(root, 'node_modules/.bin/tsc')
  execFileSync(compiler, ['-p', 'tsconfig.build.json', '--outDir', dist], { cwd: root, stdio: 'inherit' })
  for (const path of globSync('src/**/*.{js,js.map}', { cwd: dist })) rmSync(join(dist, path))
  await bundle(dist)
  // The sources stand in the maps, under the names that they have in the checkout.
  for (const path of globSync('**/*.js.map', { cwd: dist })) {
    const file = join(dist, path)
    const map = JSON.parse(readFileSync(file, 'utf8')) as { sources: string[] }
    const sources = map.sources.map((source) => `/reticle/${relative(root, resolve(dirname(file), source))}`)
    writeFileSync(
      file,
      JSON.stringify({ ...map, sources: path.startsWith('src/') ? sources : [`${basename(path, '.js.map')}.ts`] }),
    )
  }
  const assets = globSync(
    [
      'examples/*/{templates,static}/**/*.*',
      'examples/zones/*',
      'docs/*.md',
      'docs/{api,decisions}/*.*',
      '*.md',
      'LICENSE',
    ],
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

/**
 * The code of `src/` as one file for each export and a few that they share: Node reads thirty files in half the time that it
 * takes for three hundred (`npm run bench -- start`). What differs between platforms stays a file of its own behind its name
 * in package.json's `imports`. Nothing is renamed or made smaller, so that it can be read.
 */
async function bundle(dist: string): Promise<void> {
  const { exports, imports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, Paths>
  const sources = [exports, imports].flatMap((paths) => leaves(paths!)).filter((path) => path.endsWith('.ts'))
  await esbuild({
    entryPoints: [...sources, 'src/cli/main.ts', 'src/cli/terminal.ts'].map((path) => join(root, path)),
    outdir: join(dist, 'src'),
    outbase: join(root, 'src'),
    bundle: true,
    splitting: true,
    chunkNames: 'shared/[name]-[hash]',
    format: 'esm',
    platform: 'node',
    target: 'esnext',
    external: ['#*', 'koffi'],
    sourcemap: true,
    legalComments: 'none',
    logLevel: 'warning',
  })
}

function leaves(paths: Paths): string[] {
  return Object.values(paths).flatMap((path) => (typeof path === 'string' ? [path] : leaves(path)))
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
  await build()
  console.log('dist/ holds the package: npm pack ./dist makes a tarball of it')
}
