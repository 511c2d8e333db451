/**
 * `npm run build`: the package as it is published, in `dist/`: JavaScript with types, the example site that
 * `reticle look` shows, and a package.json whose exports name the built files.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const dist = join(root, 'dist')

rmSync(dist, { recursive: true, force: true })
execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' })
for (const folder of ['templates', 'static']) {
  const path = join('examples/board', folder)
  cpSync(join(root, path), join(dist, path), { recursive: true })
}
for (const file of ['README.md', 'LICENSE', 'CHANGELOG.md']) cpSync(join(root, file), join(dist, file))
mkdirSync(join(dist, 'bin'))
writeFileSync(join(dist, 'bin/reticle.js'), readFileSync(join(root, 'bin/reticle.js'), 'utf8').replaceAll('.ts', '.js'))

const {
  private: _private,
  scripts: _scripts,
  devDependencies: _dev,
  allowScripts: _allow,
  ...about
} = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
about.exports = Object.fromEntries(
  Object.entries(about.exports as Record<string, string>).map(([name, source]) => {
    const built = source.replace(/\.ts$/, '')
    return [name, { types: `${built}.d.ts`, default: `${built}.js` }]
  }),
)
writeFileSync(join(dist, 'package.json'), `${JSON.stringify(about, null, 2)}\n`)
console.log(`dist/ holds ${about.name} ${about.version}: npm publish ./dist`)
