/** A web server and an authority in a simulated Internet. */
import { days, ms, seconds } from '../../base/duration.ts'
import type { EventLog } from '../../base/events.ts'
import { askOverUdp } from '../../dns/exchange/udp.ts'
import { DNS_LIMITS, loadZone, Name, serveZones, TYPE, type Zone, Zones } from '../../dns/index.ts'
import { query } from '../../dns/message/message.ts'
import { printRdata } from '../../dns/message/rdata/text.ts'
import { type Handler, serve } from '../../http/index.ts'
import { internet } from '../../sim/index.ts'
import { virtualGlobals } from '../../sim/node/index.ts'
import type { Host } from '../../socket/host.ts'
import { clientTls, createAuthority, tlsHost } from '../../tls/index.ts'
import {
  type AlpnSolver,
  type HttpSolver,
  http01,
  type ManagedCertificates,
  type ManagedOptions,
  managedCertificates,
  memoryStorage,
  tlsAlpn01,
} from '../index.ts'
import { AcmeServer, type AcmeServerOptions } from './acme-server.ts'

export const authority = createAuthority('the authority of a test')

/** What a test has at hand. */
export interface World {
  readonly web: Host
  readonly server: AcmeServer
  readonly http: HttpSolver
  readonly alpn: AlpnSolver
  readonly zones: Zones
  /** What was reported as failed. */
  readonly failures: { readonly error: Error; readonly nextTry: Date | null }[]
  readonly storage: ReturnType<typeof memoryStorage>
  manage(options?: Partial<ManagedOptions>): ManagedCertificates
  /** Lets a page be served by these certificates on port 443. */
  serve(certificates: ManagedCertificates): Promise<void>
  wait(duration: number): Promise<void>
}

const ZONE = `$ORIGIN shop.example.
@ 60 SOA ns hostmaster 1 3600 600 86400 60
@ 60 NS ns
ns 60 A 10.0.0.1
`

const hello: Handler = (exchange) => exchange.reply(200, ['Content-Type', 'text/plain'], 'hello')

/** Runs a test in virtual time; whatever it has opened is closed. */
export async function inWorld(
  body: (world: World) => Promise<void>,
  options: Partial<AcmeServerOptions> & { readonly log?: EventLog } = {},
): Promise<void> {
  const { log, ...more } = options
  // OpenSSL looks at the real clock: certificates are made for its time.
  const net = internet({ seed: 3, epoch: Date.now(), ...(log && { log }) })
  const globals = virtualGlobals(net)
  const [web, ca] = [net.host('web'), net.host('acme.example')]
  net.link(web, ca, { latency: ms(5), addresses: ['10.0.0.1/24', '10.0.0.2/24'] })
  try {
    await net.run(
      async () => {
        const zone = loadZone(ZONE, Name.parse('shop.example.')).zone as Zone
        const zones = new Zones([zone])
        const dns = await serveZones(web, zones, { at: { address: '10.0.0.1', port: 53 } })
        const texts = async (text: string) => {
          const name = Name.parse(`${text}.`)
          const attempt = await askOverUdp(ca, {
            server: { address: '10.0.0.1', port: 53 },
            query: query(name, TYPE.TXT),
            name,
            timeout: seconds(5),
            limits: DNS_LIMITS.exchange,
          })
          if (attempt.kind !== 'reply') throw new Error(`no answer about ${text}`)
          return attempt.message.answer.map(({ rdata }) => printRdata(TYPE.TXT, rdata).replaceAll('"', ''))
        }
        const server = new AcmeServer({
          host: ca,
          address: '10.0.0.2',
          authority,
          name: 'acme.example',
          addressOf: () => '10.0.0.1',
          texts,
          ...more,
        })
        await server.listen()
        const [http, alpn, storage] = [http01(), tlsAlpn01(), memoryStorage()]
        const port80 = await serve(web, http.answering(hello), { address: '10.0.0.1', port: 80 })
        const opened: AsyncDisposable[] = []
        const failures: { error: Error; nextTry: Date | null }[] = []
        const world: World = {
          web,
          server,
          http,
          alpn,
          zones,
          failures,
          storage,
          manage(given = {}) {
            const made = managedCertificates(web, {
              names: ['shop.example'],
              termsAgreed: true,
              solvers: [http],
              storage,
              directory: server.url,
              tls: clientTls({ trust: [authority.certificate] }),
              onError: (error, nextTry) => failures.push({ error: error as Error, nextTry }),
              ...given,
            })
            opened.push(made)
            return made
          },
          async serve(certificates) {
            opened.push(
              await serve(tlsHost(web, { server: { certificates } }), hello, { address: '10.0.0.1', port: 443 }),
            )
          },
          wait: (duration) => new Promise((resolve) => web.clock.at(web.clock.now() + duration, resolve)),
        }
        try {
          await body(world)
        } finally {
          for (const each of opened.reverse()) await each[Symbol.asyncDispose]()
          await Promise.all([server.close(), port80.close(), dns.close()])
        }
      },
      { limit: days(200) },
    )
  } finally {
    globals.restore()
  }
}
