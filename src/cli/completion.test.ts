import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { needCommand } from '../../test/need.ts'
import { main } from './main.ts'

async function completion(shell: string): Promise<{ status: number; out: string; error: string }> {
  const printed = { out: '', error: '' }
  const status = await main(['completion', shell], {
    out: (text) => void (printed.out += text),
    error: (text) => void (printed.error += text),
    colours: false,
    columns: 100,
    interrupted: new AbortController().signal,
  })
  return { status, ...printed }
}

test('bash finds commands, their second words, arguments and options', { skip: needCommand('bash') }, async () => {
  const { out } = await completion('bash')
  const complete = (...words: string[]): string => {
    const line = `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _reticle; echo "\${COMPREPLY[@]}"`
    return execFileSync('bash', ['-c', `${out}\n${line}`], { encoding: 'utf8' }).trim()
  }
  assert.equal(complete('reticle', ''), 'look dig fetch dns proxy serve authority completion')
  assert.equal(complete('reticle', 'lo'), 'look')
  assert.equal(complete('reticle', 'dns', ''), 'serve resolve --help')
  assert.equal(complete('reticle', 'dns', 'r'), 'resolve')
  assert.match(complete('reticle', 'dns', 'resolve', '--f'), /^--forward/)
  assert.equal(complete('reticle', 'completion', ''), 'bash zsh fish --help')
  assert.equal(complete('reticle', 'proxy', 'ch'), 'check')
  assert.equal(complete('reticle', 'proxy', '--wa'), '--watch')
  assert.equal(complete('reticle', 'proxy', '8080', '--wa'), '--watch')
  assert.equal(complete('reticle', 'proxy', 'check', '--h'), '--help')
  assert.equal(complete('reticle', 'look', '--pca'), '--pcapng')
  assert.equal(complete('reticle', 'look', 'http://board.example/', '--lat'), '--latency')
})

test('fish: second words behind their first, options behind both, each command once', async () => {
  const lines = (await completion('fish')).out.split('\n')
  const offers = (word: string): string[] => lines.filter((line) => new RegExp(` -a ${word}( |$)`).test(line))
  assert.equal(offers('dns').length, 1)
  assert.match(offers('dns')[0]!, /-n __fish_use_subcommand /)
  for (const word of ['serve', 'resolve'])
    assert.match(
      offers(word).at(-1)!,
      /-n '__fish_seen_subcommand_from dns; and not __fish_seen_subcommand_from serve resolve'/,
    )
  for (const word of ['bash', 'zsh', 'fish'])
    assert.match(offers(word)[0]!, /-n '__fish_seen_subcommand_from completion; and not /)
  const forward = lines.filter((line) => line.includes(' -l forward '))
  assert.equal(forward.length, 2)
  assert.match(forward[0]!, /-n '__fish_seen_subcommand_from dns; and __fish_seen_subcommand_from resolve'/)
  assert.match(forward[1]!, /-n '__fish_seen_subcommand_from proxy'/)
  const https = lines.find((line) => line.includes(' -l https '))!
  assert.match(https, /-n '__fish_seen_subcommand_from serve; and not __fish_seen_subcommand_from dns'/)
})

test('fish itself offers what the script says', { skip: needCommand('fish') }, async () => {
  const { out } = await completion('fish')
  const complete = (line: string): string[] =>
    execFileSync('fish', ['--no-config', '-c', `function reticle; end; ${out}; complete -C '${line}'`], {
      encoding: 'utf8',
      cwd: import.meta.dirname,
    })
      .trim()
      .split('\n')
      .map((offered) => offered.split('\t')[0]!)
  assert.deepEqual(complete('reticle '), ['authority', 'completion', 'dig', 'dns', 'fetch', 'look', 'proxy', 'serve'])
  assert.deepEqual(complete('reticle dns '), ['resolve', 'serve'])
  assert.deepEqual(complete('reticle completion '), ['bash', 'fish', 'zsh'])
  assert.deepEqual(complete('reticle dns resolve --fo'), ['--forward'])
  assert.deepEqual(complete('reticle dns serve --fo'), [''])
})

test('an unknown shell is refused', async () => {
  const { status, error } = await completion('tcsh')
  assert.equal(status, 2)
  assert.match(error, /'tcsh' is not known: bash, zsh or fish/)
})
