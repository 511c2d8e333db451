/**
 * What users install: the tarball, in an empty folder outside the checkout, as `npm pack` and `npm install` make it. npm
 * takes the package's own dependencies from its cache where they are there (`npm ci` of the checkout puts them there).
 */
import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import test, { after, before } from 'node:test'
import { promisify } from 'node:util'
import { build } from '../../bin/build.ts'

const root = join(import.meta.dirname, '../..')
const run = promisify(execFile)
const folder = mkdtempSync(join(tmpdir(), 'reticle-package-'))
const dist = join(folder, 'dist')
const project = join(folder, 'project')
const installed = join(project, 'node_modules/reticle')
const running: ChildProcess[] = []

/** npm and the package's programs run on the Node that runs this test, whatever the machine's own is. */
const env = {
  ...process.env,
  PATH: `${dirname(process.execPath)}:${process.env['PATH']}`,
  npm_config_update_notifier: 'false',
}

interface SourceMap {
  readonly sources: readonly string[]
  readonly sourcesContent: readonly string[]
}

before(async () => {
  await build(dist)
  mkdirSync(project)
  writeFileSync(
    join(project, 'package.json'),
    '{ "name": "project", "version": "1.0.0", "type": "module", "private": true }',
  )
  const { stdout } = await run('npm', ['pack', dist, '--json', '--pack-destination', folder], { cwd: folder, env })
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }]
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    devDependencies: Record<string, string>
  }
  const wanted = [join(folder, filename), `@types/node@${devDependencies['@types/node']}`]
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', ...wanted], { cwd: project, env })
})

after(() => {
  for (const child of running) child.kill()
  rmSync(folder, { recursive: true, force: true })
})

test('the tarball holds no test, no test support and no path of a checkout', () => {
  const files = globSync('**/*', { cwd: installed })
  const wrong = files.filter((file) => /(^|\/)trial\/|\.test\.|fixture|node_modules/.test(file))
  assert.deepEqual(wrong, [])
  for (const file of files.filter((file) => /\.(js|ts|json|map)$/.test(file)))
    assert.ok(!readFileSync(join(installed, file), 'utf8').includes(root), file)
})

test('every link of its documents leads to a file that is there', () => {
  for (const document of globSync('{*.md,docs/**/*.md}', { cwd: installed })) {
    const text = readFileSync(join(installed, document), 'utf8').replaceAll(/```[\s\S]*?```/g, '')
    for (const [, target] of text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
      if (/^[a-z]+:/.test(target!)) continue
      assert.ok(existsSync(join(installed, dirname(document), target!)), `${document} links to ${target}`)
    }
  }
})

test('every export can be imported, its types and source maps are there', async () => {
  const { exports } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as {
    exports: { readonly [name: string]: string | { readonly types: string; readonly default: string } }
  }
  const names = Object.keys(exports)
  for (const name of names) {
    const target = exports[name]!
    if (typeof target === 'string') continue
    assert.ok(existsSync(join(installed, target.types)), `${name}: ${target.types}`)
    assert.ok(existsSync(join(installed, `${target.default}.map`)), name)
  }
  const maps = globSync('src/**/*.js.map', { cwd: installed }).map(
    (file) => JSON.parse(readFileSync(join(installed, file), 'utf8')) as SourceMap,
  )
  const sources = maps.flatMap(({ sources, sourcesContent }) =>
    sources.map((path, i) => [path, sourcesContent[i]!] as const),
  )
  assert.ok(sources.length > 300, String(sources.length))
  assert.equal(new Set(sources.map(([path]) => path)).size, sources.length, 'a source is in the package twice')
  for (const [path, text] of sources) {
    assert.match(path, /^\/reticle\/(src\/.*\.ts|package\.json)$/)
    assert.equal(text, readFileSync(join(root, path.slice('/reticle/'.length)), 'utf8'))
  }
  const code = names
    .filter((name) => !name.endsWith('.json'))
    .map((name) => `if (Object.keys(await import('reticle${name.slice(1)}')).length === 0) throw new Error('${name}')`)
  await run(process.execPath, ['--input-type=module', '-e', code.join('\n')], { cwd: project })
})

test('types: strict, without skipLibCheck, for nodenext and for bundlers', async () => {
  const typescript = createRequire(import.meta.url).resolve('typescript/package.json')
  const { bin } = JSON.parse(readFileSync(typescript, 'utf8')) as { bin: { tsc: string } }
  const compiler = join(dirname(typescript), bin.tsc)
  const { exports } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as { exports: object }
  const names = Object.keys(exports).filter((name) => !name.endsWith('.json'))
  const uses = names.map((name, i) => `import * as part${i} from 'reticle${name.slice(1)}'`)
  writeFileSync(
    join(project, 'all.ts'),
    `${uses.join('\n')}\nexport const parts = [${names.map((_, i) => `part${i}`)}]\n`,
  )
  writeFileSync(
    join(project, 'site.ts'),
    `import { app, f, Model, urls } from 'reticle/web'
const to = urls({ post: '/posts/{id:int}' })
class Post extends Model {
  id = f.id()
  title = f.text(120)
}
export const site = app({ db: 'sqlite::memory:', models: [Post] })
site.get(to.post, async (c) => {
  const id: number = c.params.id
  const post = await Post.get({ id })
  const title: string = post.title
  // @ts-expect-error: a model's fields have their types
  post.title.toFixed()
  return title
})
`,
  )
  for (const [module, moduleResolution] of [
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
  ]) {
    const compilerOptions = {
      module,
      moduleResolution,
      target: 'esnext',
      lib: ['esnext'],
      types: ['node'],
      strict: true,
      skipLibCheck: false,
      noEmit: true,
      exactOptionalPropertyTypes: true,
    }
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }))
    await run(process.execPath, [compiler, '-p', 'tsconfig.json'], { cwd: project }).catch(
      (error: { stdout: string }) => assert.fail(`${moduleResolution}:\n${error.stdout}`),
    )
  }
})

/** Starts a program of the project; the promise gives the first line that it prints. */
async function start(file: string): Promise<string> {
  const child = spawn(process.execPath, [file], { cwd: project, stdio: ['ignore', 'pipe', 'pipe'] })
  running.push(child)
  let output = ''
  return await new Promise((resolve, reject) => {
    const look = (data: Buffer): void => {
      output += data
      if (output.includes('\n')) resolve(output.slice(0, output.indexOf('\n')))
    }
    child.stdout.on('data', look)
    child.stderr.on('data', (data: Buffer) => (output += data))
    child.on('exit', () => reject(new Error(`${file} ended: ${output}`)))
  })
}

test('a site of a few lines answers, and names the program’s own lines in its errors', async () => {
  writeFileSync(
    join(project, 'hello.js'),
    `import { kernelHost } from 'reticle/kernel'
import { app } from 'reticle/web'
const site = app()
site.get('/', (c) => c.text('Hello, world'))
const server = await site.serve(kernelHost(), { port: 0, address: '127.0.0.1' })
console.log(server.local.port)
`,
  )
  const port = Number(await start('hello.js'))
  const reply = await fetch(`http://127.0.0.1:${port}/`)
  assert.deepEqual([reply.status, await reply.text()], [200, 'Hello, world'])
  writeFileSync(
    join(project, 'twice.js'),
    "import { app } from 'reticle/web'\nconst site = app()\nsite.get('/a', (c) => c.text('1'))\nsite.get('/a', (c) => c.text('2'))\nsite.begin()\n",
  )
  const refused = await run(process.execPath, ['twice.js'], { cwd: project }).then(
    () => '',
    (error: { stderr: string }) => error.stderr,
  )
  assert.match(refused, /twice\.js:3:\d+/)
  assert.match(refused, /twice\.js:4:\d+/)
})

test('the command runs, and shows the site that comes with the package', async () => {
  const command = (...args: string[]) => run('npx', ['--no-install', 'reticle', ...args], { cwd: project, env })
  assert.match((await command('--version')).stdout, /^reticle \d+\.\d+\.\d+ /)
  const looked = await command('look', 'http://board.example/', '--json')
  const events = looked.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string })
  assert.ok(events.some(({ type }) => type === 'http.response'))
  assert.match(looked.stderr, /200/) // the reply in short, beside the log
  const zone = join(installed, 'examples/zones/board.example.zone')
  assert.ok(existsSync(zone))
  const refused = await command('dns', 'serve').catch((error: { stderr: string; code: number }) => error)
  assert.match(refused.stderr, /reticle dns serve: /)
})
