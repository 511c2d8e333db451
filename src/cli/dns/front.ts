/** What the commands that serve DNS share: where they listen, what they print of each query, how they end. */
import { SocketError } from '../../base/errors.ts'
import { ipVersion } from '../../base/ip.ts'
import type { Client } from '../../dns/front/responder.ts'
import type { DnsServer } from '../../dns/front/server.ts'
import type { Message } from '../../dns/message/message.ts'
import { rcodeName, typeName } from '../../dns/message/types.ts'
import { formatAddress, type IpAddress } from '../../socket/address.ts'
import { type Call, type CommandOption, UsageError } from '../command.ts'
import type { Terminal } from '../terminal.ts'

export const frontOptions: { readonly [name: string]: CommandOption } = {
  port: { type: 'string', short: 'p', default: '53', value: 'PORT', description: 'UDP and TCP port' },
  address: {
    type: 'string',
    short: 'a',
    multiple: true,
    value: 'ADDRESS',
    description: 'where to listen, may be repeated (127.0.0.1; every interface: 0.0.0.0)',
  },
  'query-log': { type: 'boolean', description: 'print a line for every query' },
}

/** The addresses to listen at. @throws UsageError */
export function listenAddresses(values: Call['values']): IpAddress[] {
  const port = Number(values['port'])
  if (!/^\d+$/.test(String(values['port'])) || port > 65535)
    throw new UsageError(`--port is a number from 0 to 65535, not '${values['port']}'`)
  const addresses = (values['address'] as readonly string[] | undefined) ?? ['127.0.0.1']
  for (const address of addresses)
    if (ipVersion(address) === 0) throw new UsageError(`--address is an IP address, not '${address}'`)
  return addresses.map((address) => ({ address, port }))
}

/**
 * Serves at every address until the command is to end, then closes in order. `hangup` runs at every SIGHUP.
 * @throws what `start` rejects with, with a hint at what to do about it
 */
export async function serveUntilInterrupted(
  terminal: Terminal,
  addresses: readonly IpAddress[],
  start: (at: IpAddress) => Promise<DnsServer>,
  hangup: () => void,
): Promise<void> {
  // From the start: what is not listened for ends the process.
  process.on('SIGHUP', hangup)
  const servers: DnsServer[] = []
  try {
    for (const at of addresses) servers.push(await start(at).catch((error) => advise(error, at)))
    terminal.out(`listening on ${servers.map(({ local }) => formatAddress(local)).join(', ')} (UDP and TCP)\n`)
    await new Promise<void>((done) => {
      if (terminal.interrupted.aborted) done()
      else terminal.interrupted.addEventListener('abort', () => done(), { once: true })
    })
  } finally {
    await Promise.all(servers.map((server) => server.close()))
    process.off('SIGHUP', hangup)
  }
}

const ADVICE: { readonly [code: string]: string } = {
  EACCES: 'ports below 1024 are for root: choose another, as in --port 5353',
  EADDRINUSE: 'another server is there: choose another --port or --address',
  EADDRNOTAVAIL: 'this machine has no such address: --address takes one of its own',
}

function advise(error: unknown, { address, port }: IpAddress): never {
  const hint = error instanceof SocketError ? ADVICE[error.code] : undefined
  if (!(error instanceof SocketError) || hint === undefined) throw error
  throw new SocketError(error.code, error.syscall, { address, port, hint })
}

/** Prints a line for each query: when, who, how, what, the answer's code and its numbers of records. */
export function queryLog(terminal: Terminal) {
  return (query: Message, reply: Message, { address, transport }: Client) => {
    const { name, type } = query.question[0]!
    const asked = `${name} ${typeName(type)}`
    const counts = `${reply.answer.length}/${reply.authority.length}/${reply.additional.length}`
    const line = `${new Date().toISOString()} ${formatAddress(address)} ${transport} ${asked}`
    terminal.out(`${line} ${rcodeName(reply.rcode)} ${counts}\n`)
  }
}
