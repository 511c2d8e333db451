/** `reticle authority`: where this user's development authority is, and how it is trusted. */
import { join } from 'node:path'
import { developmentAuthority, trustSteps } from '../certificates/index.ts'
import { type Call, type Command, UsageError } from './command.ts'
import { paint } from './terminal.ts'

export const authority: Command = {
  name: 'authority',
  summary: 'show the development authority, and how browsers are told to trust it',
  usage: '',
  details: `The authority signs the certificates of 'reticle serve --https' on this machine. It is made at first use.
Whoever has its key can pretend to be any site to a browser that trusts it: the key is readable by its user alone, and
belongs nowhere else.

  reticle authority
  curl --cacert "$(reticle authority --path)" https://localhost:8443/`,
  options: {
    path: { type: 'boolean', description: "print the path of the authority's certificate alone" },
    data: { type: 'string', value: 'FOLDER', description: "where it is kept (the user's data folder)" },
  },
  run,
}

async function run({ positionals, values, terminal }: Call): Promise<number> {
  if (positionals.length > 0) throw new UsageError(`there is nothing to give but options, not '${positionals[0]}'`)
  const data = values['data'] as string | undefined
  const { path, validUntil } =
    data === undefined ? developmentAuthority() : developmentAuthority(join(data, 'authority'))
  if (values['path'] === true) {
    terminal.out(`${path}\n`)
    return 0
  }
  terminal.out(
    `${paint(terminal, 'bold', path)}\nvalid until ${validUntil.toISOString().slice(0, 10)}\n\nTo trust it:\n`,
  )
  for (const { who, command } of trustSteps(path)) terminal.out(`\n  ${who}\n    ${command}\n`)
  return 0
}
