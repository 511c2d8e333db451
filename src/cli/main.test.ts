import assert from 'node:assert/strict'
import { test } from 'node:test'
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

test('the first word of several commands alone: what begins so', async () => {
  for (const args of [['dns'], ['dns', '--help'], ['dns', '-h'], ['help', 'dns']]) {
    const { status, out, error } = await reticle(...args)
    assert.match(`${out}${error}`, /^ {2}dns serve +\w/m)
    assert.match(`${out}${error}`, /^ {2}dns resolve +\w/m)
    assert.doesNotMatch(`${out}${error}`, /^ {2}look/m)
    assert.equal(status, args.length === 1 ? 2 : 0)
    assert.equal(args.length === 1 ? out : error, '')
  }
  const { status, error } = await reticle('dns', 'sreve')
  assert.equal(status, 2)
  assert.match(error, /there is no command 'dns sreve'/)
  assert.match(error, /^ {2}dns serve +\w/m)
})

test('a value that looks like an option: our words, not those of the parser', async () => {
  const { status, error } = await reticle('look', 'http://board.example/', '--loss', '-5')
  assert.equal(status, 2)
  assert.equal(
    error,
    "reticle look: --loss needs a value (if it begins with -, write --loss=VALUE)\nSee 'reticle look --help'.\n",
  )
  for (const [args, sentence] of [
    [['look', '--seed'], /--seed needs a value\n/],
    [['dig', '-p', '-5', 'board.example'], /--port needs a value \(if it begins/],
    [['look', '--json=yes'], /--json takes no value\n/],
    [['look', '--wings'], /there is no option '--wings'\n/],
    [['look', '-5'], /there is no option '-5'\n/],
  ] as const) {
    const { status, error } = await reticle(...args)
    assert.equal(status, 2)
    assert.match(error, sentence)
  }
})

test('clients of a forward proxy that are no prefix are wrong use, not a stack', async () => {
  const { status, error } = await reticle('proxy', '0', '--forward', '--from', 'foo')
  assert.equal(status, 2)
  assert.match(error, /^reticle proxy: --from: "foo" is not an address or a prefix: write 10\.0\.0\.0\/8/)
  assert.doesNotMatch(error, / at /)
})
