/**
 * `npm run test:floor NAME...`: the tests that stand in the named floors (`tcp`, `web/routing`) or test folders
 * (`test/attack/http`). `--watch` (`npm run watch NAME...`) runs them again whenever a file of theirs changes.
 */
import { spawn } from 'node:child_process'
import { existsSync, globSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const given = process.argv.slice(2)
const watch = given.includes('--watch')
const names = given.filter((name) => name !== '--watch')
const folders = names.map((name) => [`src/${name}`, name].find((path) => existsSync(join(root, path))))
const missing = names.find((_, i) => folders[i] === undefined)
if (names.length === 0 || missing !== undefined) {
  if (missing !== undefined) console.error(`there is no folder src/${missing} and no folder ${missing}`)
  console.error(
    `usage: npm run test:floor NAME...   floors: ${globSync('*', { cwd: join(root, 'src') })
      .sort()
      .join(', ')}`,
  )
  process.exit(2)
}
const files = folders.flatMap((folder) =>
  folder!.endsWith('.ts') ? [folder!] : globSync(`${folder}/**/*.test.ts`, { cwd: root }),
)
const options = ['--test', '--test-concurrency=2', '--test-timeout=180000', ...(watch ? ['--watch'] : [])]
const child = spawn(process.execPath, [...options, ...files], { cwd: root, stdio: 'inherit' })
child.on('exit', (code) => {
  process.exitCode = code ?? 1
})
