/** Where the certificates of `reticle serve --https` come from. */
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  developmentAuthority,
  folderStorage,
  http01,
  LETS_ENCRYPT,
  LETS_ENCRYPT_STAGING,
  managedCertificates,
  tlsAlpn01,
} from '../../certificates/index.ts'
import { type Handler, serve } from '../../http/index.ts'
import type { Host } from '../../socket/host.ts'
import { type CertificateStore, clientTls, type Identity } from '../../tls/index.ts'
import { type Call, type CommandOption, UsageError } from '../command.ts'
import type { Terminal } from '../terminal.ts'

export const secureOptions: { readonly [name: string]: CommandOption } = {
  https: { type: 'boolean', description: 'serve over https, for the names that follow' },
  development: { type: 'boolean', description: 'the development authority for public names, too' },
  staging: { type: 'boolean', description: "Let's Encrypt's staging: certificates that nobody trusts, for trying" },
  email: { type: 'string', value: 'MAIL', description: 'where the authority sends warnings' },
  acme: { type: 'string', value: 'URL', description: "the directory of another authority than Let's Encrypt" },
  trust: {
    type: 'string',
    value: 'FILE',
    description: 'the root of that authority in PEM, where the system does not know it',
  },
  data: {
    type: 'string',
    value: 'FOLDER',
    description: "where keys and certificates are kept (the user's data folder)",
  },
}

/** Certificates, and what they need while they are served. */
export interface Secured {
  readonly certificates: CertificateStore | Identity
  /** Once the server listens. */
  begin(): Promise<void>
  close(): Promise<void>
}

/** A certificate of the development authority. */
export function developed(names: readonly string[], values: Call['values'], terminal: Terminal): Secured {
  const folder = values['data'] as string | undefined
  const authority = folder === undefined ? developmentAuthority() : developmentAuthority(join(folder, 'authority'))
  return {
    certificates: authority.issue(names),
    async begin() {
      if (authority.isNew)
        terminal.out(
          `A development authority was made: ${authority.path}\nBrowsers warn until they are told to trust it: 'reticle authority' says how.\n`,
        )
    },
    async close() {},
  }
}

/** The port where authorities look for challenges by HTTP, and where visitors are sent to https. */
const HTTP_PORT = 80

/** Certificates of a public authority, with a server on port 80 for its challenges. */
export async function managed(
  host: Host,
  names: readonly string[],
  address: string,
  values: Call['values'],
  terminal: Terminal,
): Promise<Secured> {
  const given = (name: string) => values[name] as string | undefined
  if (given('acme') !== undefined && values['staging'] === true)
    throw new UsageError("--staging is Let's Encrypt's: leave it out, or --acme")
  const directory = given('acme') ?? (values['staging'] === true ? LETS_ENCRYPT_STAGING : LETS_ENCRYPT)
  const [alpn, web] = [tlsAlpn01(), http01()]
  const [email, trust, data] = [given('email'), given('trust'), given('data')]
  // What can be said to be wrong is said before anything listens: a server that is left behind keeps the process.
  if (!/^https?:$/.test(URL.parse(directory)?.protocol ?? ''))
    throw new UsageError(`--acme: '${directory}' is not a URL: write one like https://acme.example/directory`)
  const tls = trust === undefined ? undefined : clientTls({ trust: [authorityIn(trust)] })
  const plain = await serve(host, web.answering(toHttps(names)), { address, port: HTTP_PORT }).catch((error: Error) => {
    terminal.error(`without port ${HTTP_PORT}: ${error.message}; challenges are answered on port 443 alone\n`)
    return null
  })
  const certificates = managedCertificates(host, {
    names,
    termsAgreed: true,
    directory,
    solvers: plain === null ? [alpn] : [alpn, web],
    storage: data === undefined ? folderStorage() : folderStorage(join(data, 'certificates')),
    ...(email !== undefined && { email }),
    ...(tls !== undefined && { tls }),
    onError: (error, nextTry) => {
      const again = nextTry === null ? '' : `; tried again at ${nextTry.toISOString()}`
      terminal.error(`${(error as Error)?.message ?? error}${again}\n`)
    },
  })
  return {
    certificates,
    async begin() {
      if (!terminal.interrupted.aborted) terminal.out(`By this you agree to the terms of ${new URL(directory).host}\n`)
      const stop = () => void certificates.close()
      terminal.interrupted.addEventListener('abort', stop, { once: true })
      try {
        await certificates.start()
      } catch (error) {
        if (terminal.interrupted.aborted) return
        throw error
      }
      terminal.out(`a certificate for ${names.join(', ')} until ${certificates.validUntil!.toISOString()}\n`)
    },
    async close() {
      await Promise.all([certificates.close(), plain?.close()])
    },
  }
}

/** @throws UsageError */
function authorityIn(file: string): string {
  try {
    const text = readFileSync(file, 'utf8')
    new X509Certificate(text)
    return text
  } catch (error) {
    throw new UsageError(`--trust: '${file}' is not a certificate in PEM: ${(error as Error).message}`)
  }
}

/** RFC 9110 §15.4.9: the method and the body stay. To the names alone that are served. */
export function toHttps(names: readonly string[]): Handler {
  return (exchange) => {
    const { authority, target, path, query } = exchange
    const name = authority.replace(/:\d+$/, '').toLowerCase()
    // A target can be a whole URL, or an authority (CONNECT), or *: what is put behind the name begins with a slash.
    const rest = target.startsWith('/')
      ? target
      : path.startsWith('/')
        ? `${path}${query === '' ? '' : `?${query}`}`
        : '/'
    if (names.includes(name)) exchange.reply(308, ['Location', `https://${name}${rest}`], null)
    else exchange.reply(421, ['Content-Type', 'text/plain'], 'there is no such site here\n')
  }
}
