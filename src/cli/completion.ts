/** `reticle completion SHELL`: a completion script for bash, zsh or fish, made from the commands themselves. */

import { type Command, type CommandTable, UsageError } from './command.ts'

const SHELLS = ['bash', 'zsh', 'fish']

export const completion = (table: CommandTable): Command => ({
  name: 'completion',
  summary: 'print a completion script for bash, zsh or fish',
  usage: 'bash|zsh|fish',
  words: SHELLS,
  details:
    'bash: source <(reticle completion bash)\nzsh:  source <(reticle completion zsh)\nfish: reticle completion fish | source',
  options: {},
  async run({ positionals: [shell, ...more], terminal }) {
    if (more.length > 0) throw new UsageError(`completion takes one shell, and '${more[0]}' is a second one`)
    const commands = await Promise.all(
      Object.entries(table).map(async ([name, load]) => ({ name, command: await load() })),
    )
    if (shell === 'bash') terminal.out(bash(commands))
    else if (shell === 'zsh') terminal.out(`autoload -U +X bashcompinit && bashcompinit\n${bash(commands)}`)
    else if (shell === 'fish') terminal.out(fish(commands))
    else
      throw new UsageError(
        `${shell === undefined ? 'a shell is missing' : `'${shell}' is not known`}: bash, zsh or fish`,
      )
    return 0
  },
})

type Named = { name: string; command: Command }

/** What may follow a command, or its first word: `dns` is followed by `serve` and `resolve`. */
function followers(commands: readonly Named[]): Map<string, string[]> {
  const after = new Map<string, string[]>()
  for (const { name, command } of commands) {
    const [first, second] = name.split(' ')
    if (second !== undefined) after.set(first!, [...(after.get(first!) ?? []), second])
    else if (command.words !== undefined) after.set(name, [...command.words])
  }
  return after
}

function firstWords(commands: readonly Named[]): string[] {
  return [...new Set(commands.map(({ name }) => name.split(' ')[0]!))]
}

// biome-ignore-start lint/suspicious/noTemplateCurlyInString: shell variables
function bash(commands: readonly Named[]): string {
  const offer = (pattern: string, words: readonly string[]): string => `    ${pattern}) words='${words.join(' ')}' ;;`
  /** Options of a command that other commands begin with. */
  const own = (first: string): string[] =>
    commands
      .filter(({ name }) => name === first)
      .flatMap(({ command: { options } }) => Object.keys(options).map((option) => `--${option}`))
  return [
    '_reticle() {',
    '  local current="${COMP_WORDS[COMP_CWORD]}" line="${COMP_WORDS[*]:1:COMP_CWORD-1} " words',
    '  case "$line" in',
    offer("' '", firstWords(commands)),
    ...[...followers(commands)].map(([first, words]) => offer(`'${first} '`, [...words, ...own(first), '--help'])),
    // The longest first: `proxy check` has the form of `proxy` too.
    ...commands
      .toSorted((a, b) => b.name.length - a.name.length)
      .map(({ name, command: { options } }) =>
        offer(
          `'${name} '*`,
          [...Object.keys(options), 'help'].map((option) => `--${option}`),
        ),
      ),
    '  esac',
    '  COMPREPLY=($(compgen -W "$words" -- "$current"))',
    '  [ ${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- "$current"))',
    '}',
    'complete -F _reticle reticle',
    '',
  ].join('\n')
}

// biome-ignore-end lint/suspicious/noTemplateCurlyInString: shell variables

function fish(commands: readonly Named[]): string {
  const quoted = (text: string): string => `'${text.replaceAll("'", "\\'")}'`
  const seen = (words: string): string => `__fish_seen_subcommand_from ${words}`
  const after = followers(commands)
  const offer = (when: string, word: string, name: string): string => {
    const known = commands.find((each) => each.name === name)?.command.summary ?? after.get(name)?.join(', ')
    return `complete -c reticle -f -n ${when} -a ${word}${known === undefined ? '' : ` -d ${quoted(known)}`}`
  }
  const firsts = firstWords(commands).map((first) => offer('__fish_use_subcommand', first, first))
  const seconds = [...after].flatMap(([first, words]) =>
    words.map((word) => offer(`'${seen(first)}; and not ${seen(words.join(' '))}'`, word, `${first} ${word}`)),
  )
  const options = commands.flatMap(({ name, command }) => {
    // `serve` alone, and not the one of `dns serve`.
    const others = [...after].filter(([, words]) => words.includes(name)).map(([first]) => `; and not ${seen(first)}`)
    const when = `'${name.split(' ').map(seen).join('; and ')}${others.join('')}'`
    return Object.entries(command.options).map(
      ([option, { description }]) => `complete -c reticle -n ${when} -l ${option} -d ${quoted(description)}`,
    )
  })
  return [...firsts, ...seconds, ...options, ''].join('\n')
}
