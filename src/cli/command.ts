/** What a subcommand of `reticle` is: a value that says what it takes, and a function that does it. */
import type { Terminal } from './terminal.ts'

export interface CommandOption {
  readonly type: 'string' | 'boolean'
  readonly short?: string
  readonly multiple?: boolean
  readonly default?: string
  /** What the value is called in the help: `FILE`, `PORT`. */
  readonly value?: string
  readonly description: string
}

export interface Command {
  /** The words that call it: `dig`, `dns serve`. */
  readonly name: string
  /** One line for the list of commands. */
  readonly summary: string
  /** What the first argument can be, where it is one of a few words: for completion. */
  readonly words?: readonly string[]
  /** The arguments, as in `NAME [TYPE] [@SERVER]`. */
  readonly usage: string
  /** Paragraphs for `--help`: what it does, examples. */
  readonly details?: string
  readonly options: { readonly [name: string]: CommandOption }
  /** Leave arguments that look unlike options (`+short`, `@server`) to `run`; always the case for positionals. */
  run(call: Call): Promise<number>
}

/** Commands by the words that call them, each loaded only when it is wanted. */
export type CommandTable = { readonly [name: string]: () => Promise<Command> }

/** A command as it was called. */
export interface Call {
  readonly positionals: readonly string[]
  readonly values: { readonly [name: string]: string | boolean | readonly string[] | undefined }
  readonly terminal: Terminal
}

/** The caller's mistake: printed as `reticle COMMAND: message` with a pointer to the help; exit status 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
