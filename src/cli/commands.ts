/** The subcommands of `reticle`, by the words that call them. Each is loaded only when it is wanted. */
import type { Command } from './command.ts'

export const COMMANDS: { readonly [name: string]: () => Promise<Command> } = {
  look: async () => (await import('./look.ts')).look,
  dig: async () => (await import('./dig.ts')).dig,
  'dns serve': async () => (await import('./dns.ts')).dnsServe,
  completion: async () => (await import('./completion.ts')).completion,
}
