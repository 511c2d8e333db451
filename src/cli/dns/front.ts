/** What the commands that serve DNS share: where they listen, what they print of each query, how they end. */
import { SocketError } from '../../base/errors.ts'
import { ipVersion } from '../../base/ip.ts'
import { portProblem } from '../../base/port.ts'
import type { OctetOptions } from '../../dns/front/octets.ts'
import type { DnsServer } from '../../dns/front/server.ts'
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
  const text = String(values['port'])
  const port = /^\d+$/.test(text) ? Number(text) : text
  const problem = portProblem(port)
  if (problem !== null || typeof port !== 'number') throw new UsageError(`--port: ${problem}`)
  const addresses = (values['address'] as readonly string[] | undefined) ?? ['127.0.0.1']
  for (const address of addresses)
    if (ipVersion(address) === 0) throw new UsageError(`--address is an IP address, not '${address}'`)
  return addresses.map((address) => ({ address, port }))
}

/** What the process does at a signal, beside ending. */
export interface SignalHandlers {
  /** SIGHUP: reads its files again, empties its cache. */
  hangup(): void
  /** SIGUSR1: says what it has done so far. */
  statistics(): void
}

/**
 * Handles the signals until `work` has ended. From the start: a signal that is not listened for ends the process
 * (SIGHUP), or opens Node's debugger (SIGUSR1).
 */
export async function withSignals(handlers: SignalHandlers, work: () => Promise<number>): Promise<number> {
  const hangup = () => handlers.hangup()
  const statistics = () => handlers.statistics()
  process.on('SIGHUP', hangup)
  process.on('SIGUSR1', statistics)
  try {
    return await work()
  } finally {
    process.off('SIGHUP', hangup)
    process.off('SIGUSR1', statistics)
  }
}

/**
 * Serves at every address until the command is to end, then closes in order.
 * @throws what `start` rejects with, with a hint at what to do about it
 */
export async function serveUntilInterrupted(
  terminal: Terminal,
  addresses: readonly IpAddress[],
  start: (at: IpAddress) => Promise<DnsServer>,
): Promise<void> {
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
  }
}

const ADVICE: { readonly [code: string]: string } = {
  EACCES:
    'ports below 1024 need root or CAP_NET_BIND_SERVICE (systemd: AmbientCapabilities=): use one of these, or a port from 1024 on, as in --port 5353',
  EADDRINUSE: 'another server is there: choose another --port or --address',
  EADDRNOTAVAIL: 'this machine has no such address: --address takes one of its own',
}

function advise(error: unknown, { address, port }: IpAddress): never {
  const hint = error instanceof SocketError ? ADVICE[error.code] : undefined
  if (!(error instanceof SocketError) || hint === undefined) throw error
  throw new SocketError(error.code, error.syscall, { address, port, hint })
}

/** Counts the answers, and prints a line for each when the command line asks for it. */
export class QueryCounter {
  readonly #terminal: Terminal
  readonly #log: boolean
  readonly #counts = new Map<string, number>()

  constructor(terminal: Terminal, values: Call['values']) {
    this.#terminal = terminal
    this.#log = values['query-log'] === true
  }

  /** For `ServerOptions`. */
  readonly onAnswer: NonNullable<OctetOptions['onAnswer']> = (query, reply, { address, transport }) => {
    const rcode = rcodeName(reply.rcode)
    for (const key of [transport, rcode]) this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1)
    if (!this.#log) return
    const { name, type } = query.question[0]!
    const asked = `${name} ${typeName(type)}`
    const counts = `${reply.answer.length}/${reply.authority.length}/${reply.additional.length}`
    const line = `${new Date().toISOString()} ${formatAddress(address)} ${transport} ${asked}`
    this.#terminal.out(`${line} ${rcode} ${counts}\n`)
  }

  /** `queries udp 12, tcp 1; NOERROR 10, NXDOMAIN 3`. */
  text(): string {
    const transports = ['udp', 'tcp'].map((transport) => `${transport} ${this.#counts.get(transport) ?? 0}`)
    const rcodes = [...this.#counts].filter(([key]) => key !== 'udp' && key !== 'tcp').map((pair) => pair.join(' '))
    return `queries ${transports.join(', ')}${rcodes.length === 0 ? '' : `; ${rcodes.join(', ')}`}`
  }
}
