/** The help texts, made from the commands themselves. */

import { wrapped } from '../base/wrap.ts'
import type { Command, CommandOption } from './command.ts'
import { COMMANDS } from './commands.ts'
import { paint, type Terminal } from './terminal.ts'

/** Descriptions get at least so much room, however narrow the terminal is. */
const MIN_ROOM = 24

export async function overview(terminal: Terminal): Promise<string> {
  return [
    'reticle: the network for TypeScript, from the socket to the web page, with nothing hidden.',
    '',
    `${paint(terminal, 'bold', 'Usage:')} reticle COMMAND [ARGUMENTS]`,
    '',
    ...(await list(Object.keys(COMMANDS), terminal)),
    '',
    `'reticle COMMAND --help' tells what a command takes. NO_COLOR switches colours off.`,
    '',
  ].join('\n')
}

/** The commands that begin with a word: `dns serve`, `dns resolve`. */
export async function family(first: string, terminal: Terminal): Promise<string> {
  const names = Object.keys(COMMANDS).filter((name) => name.startsWith(`${first} `))
  return [
    `${paint(terminal, 'bold', 'Usage:')} reticle ${first} COMMAND [ARGUMENTS]`,
    '',
    ...(await list(names, terminal)),
    '',
    `'reticle ${first} COMMAND --help' tells what a command takes.`,
    '',
  ].join('\n')
}

/** A line for each command: its name and what it is for. */
async function list(names: readonly string[], terminal: Terminal): Promise<string[]> {
  const width = Math.max(...names.map((name) => name.length)) + 2
  return await Promise.all(
    names.map(async (name) => `  ${paint(terminal, 'bold', name.padEnd(width))}${(await COMMANDS[name]!()).summary}`),
  )
}

export function commandHelp(command: Command, terminal: Terminal): string {
  const options: Record<string, CommandOption> = {
    ...command.options,
    help: { type: 'boolean', short: 'h', description: 'this text' },
  }
  const rows = Object.entries(options).map(([name, option]) => {
    const short = option.short !== undefined ? `-${option.short}, ` : '    '
    const value = option.type === 'string' ? ` ${option.value ?? 'VALUE'}` : ''
    const preset = option.default !== undefined ? ` (default ${option.default})` : ''
    return [`${short}--${name}${value}`, option.description + preset] as const
  })
  const width = Math.max(...rows.map(([flag]) => flag.length)) + 2
  const usage = /OPTIONS/.test(command.usage) ? command.usage : `${command.usage} [OPTIONS]`.trim()
  return [
    `${paint(terminal, 'bold', 'Usage:')} reticle ${command.name} ${usage}`,
    '',
    command.summary,
    ...(command.details === undefined ? [] : ['', command.details.trim()]),
    '',
    paint(terminal, 'bold', 'Options:'),
    ...rows.flatMap(([flag, text]) =>
      wrapped(text, Math.max(MIN_ROOM, terminal.columns - width - 2)).map(
        (line, i) => `  ${(i === 0 ? flag : '').padEnd(width)}${line}`,
      ),
    ),
    '',
  ].join('\n')
}
