#!/usr/bin/env node
/** The `reticle` command: finds the subcommand, reads its arguments, runs it, and turns failures into messages. */
import { enableCompileCache } from 'node:module'
import { parseArgs } from 'node:util'
import { SocketError } from '../base/errors.ts'
import { type Command, UsageError } from './command.ts'
import { COMMANDS } from './commands.ts'
import { commandHelp, family, overview } from './help.ts'
import { didYouMean } from './nearest.ts'
import { processTerminal, type Terminal } from './terminal.ts'

/** Runs one command line (without `node` and the script) and answers the exit status. */
export async function main(args: readonly string[], terminal: Terminal): Promise<number> {
  const [first] = args
  if (first === undefined || first === '--help' || first === '-h' || first === 'help') {
    const words = first === 'help' ? args.slice(1) : []
    const wanted = commandName(words)
    if (wanted !== null) terminal.out(commandHelp(await load(wanted), terminal))
    else terminal.out(await (beginsCommands(words[0]) ? family(words[0], terminal) : overview(terminal)))
    return 0
  }
  if (first === '--version' || first === '-V' || first === 'version') {
    const { default: about } = await import('../../package.json', { with: { type: 'json' } })
    terminal.out(`reticle ${about.version} (node ${process.version})\n`)
    return 0
  }
  const name = commandName(args)
  if (name === null && beginsCommands(first)) return await showFamily(first, args[1], terminal)
  if (name === null) {
    terminal.error(
      `reticle: there is no command '${first}'${didYouMean(first, Object.keys(COMMANDS))}\nSee 'reticle --help'.\n`,
    )
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

function beginsCommands(word: string | undefined): word is string {
  return word !== undefined && Object.keys(COMMANDS).some((name) => name.startsWith(`${word} `))
}

/** `reticle dns`: the commands that begin so; unless that was asked for, it is a mistake. */
async function showFamily(first: string, second: string | undefined, terminal: Terminal): Promise<number> {
  const text = await family(first, terminal)
  if (second === '--help' || second === '-h') {
    terminal.out(text)
    return 0
  }
  const words = `${first} ${second}`
  const what =
    second === undefined
      ? `'${first}' needs a second word`
      : `there is no command '${words}'${didYouMean(words, Object.keys(COMMANDS))}`
  terminal.error(`reticle: ${what}\n\n${text}`)
  return 2
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
    throw new UsageError(parserWords(error as Error, command))
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

/** What the parser of arguments complains of, in our words. */
function parserWords({ message }: Error, { options }: Command): string {
  const given = /'(?:-\w, )?(--?[\w-]+)/.exec(message)?.[1]
  if (given === undefined) return message
  const long = Object.keys(options).find((name) => `-${options[name]!.short}` === given)
  const option = long === undefined ? given : `--${long}`
  if (/does not take an argument/.test(message)) return `${option} takes no value`
  if (/ambiguous/.test(message)) return `${option} needs a value (if it begins with -, write ${option}=VALUE)`
  if (/argument missing/.test(message)) return `${option} needs a value`
  const names = Object.keys(options).map((name) => `--${name}`)
  return /^Unknown option/.test(message) ? `there is no option '${option}'${didYouMean(option, names)}` : message
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
