import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { needCommand } from '../../test/need.ts'
import { COMMANDS } from './commands.ts'
import { main } from './main.ts'

async function reticle(...args: string[]): Promise<{ status: number; out: string; error: string }> {
  const printed = { out: '', error: '' }
  const status = await main(args, {
    out: (text) => void (printed.out += text),
    error: (text) => void (printed.error += text),
    colours: false,
    columns: 100,
    interrupted: new AbortController().signal,
  })
  return { status, ...printed }
}

test('without arguments, or with --help: every command, and what it is for', async () => {
  for (const args of [[], ['--help'], ['-h'], ['help']]) {
    const { status, out } = await reticle(...args)
    assert.equal(status, 0)
    for (const name of Object.keys(COMMANDS)) assert.match(out, new RegExp(`^ {2}${name} +\\w`, 'm'))
  }
})

test('every command has a help that names all its options', async () => {
  for (const [name, load] of Object.entries(COMMANDS)) {
    const { options } = await load()
    const { status, out } = await reticle('help', ...name.split(' '))
    assert.equal(status, 0)
    assert.ok(out.startsWith(`Usage: reticle ${name} `))
    for (const option of Object.keys(options)) assert.ok(out.includes(`--${option}`), `${name} --${option}`)
    assert.equal((await reticle(...name.split(' '), '--help')).out, out)
  }
})

test('an unknown command: status 2, and the nearest name', async () => {
  const { status, out, error } = await reticle('loook', 'http://board.example/')
  assert.equal(status, 2)
  assert.equal(out, '')
  assert.match(error, /there is no command 'loook' \(did you mean 'look'\?\)/)
})

test('--version names the version of the package and of Node', async () => {
  const { status, out } = await reticle('--version')
  assert.equal(status, 0)
  assert.match(out, /^reticle \d+\.\d+\.\d+ \(node v\d+\.\d+\.\d+\)\n$/)
})

test('completion: bash finds commands, their second words and options', { skip: needCommand('bash') }, async () => {
  const { out } = await reticle('completion', 'bash')
  const complete = (...words: string[]): string[] => {
    const line = `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _reticle; echo "\${COMPREPLY[@]}"`
    return execFileSync('bash', ['-c', `${out}\n${line}`], { encoding: 'utf8' })
      .trim()
      .split(' ')
  }
  assert.deepEqual(complete('reticle', 'lo'), ['look'])
  assert.deepEqual(complete('reticle', 'dns', ''), ['serve'])
  assert.deepEqual(complete('reticle', 'look', '--pca'), ['--pcapng'])
  assert.deepEqual(complete('reticle', 'look', 'http://board.example/', '--lat'), ['--latency'])
})

test('completion: an unknown shell is refused', async () => {
  const { status, error } = await reticle('completion', 'tcsh')
  assert.equal(status, 2)
  assert.match(error, /'tcsh' is not bash, zsh or fish/)
})
