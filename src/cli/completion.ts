/** `reticle completion SHELL`: a completion script for bash, zsh or fish, made from the commands themselves. */

import type { CommandTable } from './command.ts'
import { type Command, UsageError } from './command.ts'

export const completion = (table: CommandTable): Command => ({
  name: 'completion',
  summary: 'print a completion script for bash, zsh or fish',
  usage: 'bash|zsh|fish',
  details:
    'bash: source <(reticle completion bash)\nzsh:  source <(reticle completion zsh)\nfish: reticle completion fish | source',
  options: {},
  async run({ positionals: [shell], terminal }) {
    const commands = await Promise.all(
      Object.entries(table).map(async ([name, load]) => ({ name, command: await load() })),
    )
    if (shell === 'bash') terminal.out(bash(commands))
    else if (shell === 'zsh') terminal.out(`autoload -U +X bashcompinit && bashcompinit\n${bash(commands)}`)
    else if (shell === 'fish') terminal.out(fish(commands))
    else throw new UsageError(`which shell? '${shell ?? ''}' is not bash, zsh or fish`)
    return 0
  },
})

type Named = { name: string; command: Command }

function flags(command: Command): string[] {
  return [...Object.keys(command.options), 'help'].map((name) => `--${name}`)
}

// biome-ignore-start lint/suspicious/noTemplateCurlyInString: shell variables
function bash(commands: readonly Named[]): string {
  const cases = commands.map(({ name, command }) => `    '${name} '*) words='${flags(command).join(' ')}' ;;`)
  const firsts = [...new Set(commands.map(({ name }) => name.split(' ')[0]))]
  const seconds = commands.filter(({ name }) => name.includes(' ')).map(({ name }) => name.split(' '))
  return [
    '_reticle() {',
    '  local current="${COMP_WORDS[COMP_CWORD]}" line="${COMP_WORDS[*]:1:COMP_CWORD-1} " words',
    '  case "$line" in',
    ...cases,
    ...seconds.map(([first, second]) => `    '${first} ') words='${second}' ;;`),
    `    ' ') words='${firsts.join(' ')}' ;;`,
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
  return commands
    .flatMap(({ name, command }) => {
      const first = name.split(' ')[0]!
      const seen = `-n '__fish_seen_subcommand_from ${first}'`
      return [
        `complete -c reticle -n __fish_use_subcommand -a ${first} -d ${quoted(command.summary)}`,
        ...Object.entries(command.options).map(
          ([option, { description }]) => `complete -c reticle ${seen} -l ${option} -d ${quoted(description)}`,
        ),
      ]
    })
    .concat('')
    .join('\n')
}
