/** The subcommands of `reticle`. */
import type { CommandTable } from './command.ts'

export const COMMANDS: CommandTable = {
  look: async () => (await import('./look.ts')).look,
  dig: async () => (await import('./dig.ts')).dig,
  fetch: async () => (await import('./fetch.ts')).fetch,
  'dns serve': async () => (await import('./dns/serve.ts')).dnsServe,
  'dns resolve': async () => (await import('./dns/resolve.ts')).dnsResolve,
  proxy: async () => (await import('./proxy.ts')).proxy,
  'proxy check': async () => (await import('./proxy.ts')).proxyCheck,
  serve: async () => (await import('./serve.ts')).serve,
  authority: async () => (await import('./authority.ts')).authority,
  completion: async () => (await import('./completion.ts')).completion(COMMANDS),
}
