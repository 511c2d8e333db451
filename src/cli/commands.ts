/** The subcommands of `reticle`. */
import type { CommandTable } from './command.ts'

export const COMMANDS: CommandTable = {
  look: async () => (await import('./look.ts')).look,
  dig: async () => (await import('./dig.ts')).dig,
  'dns serve': async () => (await import('./dns.ts')).dnsServe,
  completion: async () => (await import('./completion.ts')).completion(COMMANDS),
}
