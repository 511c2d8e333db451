#!/usr/bin/env node
/** The `reticle` command: finds the subcommand, reads its arguments, runs it, and turns failures into messages. */
import { enableCompileCache } from 'node:module'
import { parseArgs } from 'node:util'
import { SocketError } from '../base/errors.ts'
import { type Command, UsageError } from './command.ts'
import { COMMANDS } from './commands.ts'
import { commandHelp, overview } from './help.ts'
import { processTerminal, type Terminal } from './terminal.ts'

/** Runs one command line (without `node` and the script) and answers the exit status. */
export async function main(args: readonly string[], terminal: Terminal): Promise<number> {
  const [first] = args
  if (first === undefined || first === '--help' || first === '-h' || first === 'help') {
    const wanted = first === 'help' ? commandName(args.slice(1)) : null
    terminal.out(wanted === null ? await overview(terminal) : commandHelp(await load(wanted), terminal))
    return 0
  }
  if (first === '--version' || first === '-V') {
    const { default: about } = await import('../../package.json', { with: { type: 'json' } })
    terminal.out(`reticle ${about.version} (node ${process.version})\n`)
    return 0
  }
  const name = commandName(args)
  if (name === null) {
    terminal.error(`reticle: there is no command '${first}'${closest(first)}\nSee 'reticle --help'.\n`)
    return 2
  }
  const command = await load(name)
  try {
    return await run(command, args.slice(name.split(' ').length), terminal)
  } catch (error) {
    return report(error, name, terminal)
  }
}

function load(name: string): Promise<Command> {
  return COMMANDS[name]!()
}

/** The command that the words begin with: the longest name wins. */
function commandName(words: readonly string[]): string | null {
  for (let length = Math.min(3, words.length); length > 0; length--) {
    const name = words.slice(0, length).join(' ')
    if (Object.hasOwn(COMMANDS, name)) return name
  }
  return null
}

/** ` (did you mean 'dig'?)` when a name begins alike. */
function closest(word: string): string {
  const like = Object.keys(COMMANDS).find((name) => name.startsWith(word.slice(0, 2)) || name.includes(word))
  return like === undefined ? '' : ` (did you mean '${like}'?)`
}

async function run(command: Command, args: readonly string[], terminal: Terminal): Promise<number> {
  const options: Record<string, { type: 'string' | 'boolean'; short?: string; multiple?: boolean }> = {
    help: { type: 'boolean', short: 'h' },
  }
  for (const [name, { type, short, multiple }] of Object.entries(command.options)) {
    options[name] = { type, ...(short === undefined ? {} : { short }), ...(multiple === undefined ? {} : { multiple }) }
  }
  let parsed: ReturnType<typeof parseArgs>
  try {
    parsed = parseArgs({ args: [...args], options, allowPositionals: true, strict: true })
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
  const values = parsed.values as Record<string, string | boolean | string[] | undefined>
  if (values['help'] === true) {
    terminal.out(commandHelp(command, terminal))
    return 0
  }
  for (const [name, option] of Object.entries(command.options)) {
    if (values[name] === undefined && option.default !== undefined) values[name] = option.default
  }
  return await command.run({ positionals: parsed.positionals, values, terminal })
}

function report(error: unknown, name: string, terminal: Terminal): number {
  if (error instanceof UsageError) {
    terminal.error(`reticle ${name}: ${error.message}\nSee 'reticle ${name} --help'.\n`)
    return 2
  }
  const expected = error instanceof SocketError || (error instanceof Error && 'code' in error)
  const debug = process.env['RETICLE_DEBUG'] !== undefined
  if (expected && !debug) terminal.error(`reticle ${name}: ${(error as Error).message}\n`)
  else terminal.error(`reticle ${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  return 1
}

if (import.meta.main) {
  // Most of a short command is spent on reading its modules; what Node has made of them is kept for the next time.
  enableCompileCache()
  process.exitCode = await main(process.argv.slice(2), processTerminal())
}
