/** Agents of `node:http` and `node:https` whose connections are a Host's. */
import { type AgentOptions, Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent, type AgentOptions as HttpsAgentOptions } from 'node:https'
import type { Duplex } from 'node:stream'
import { type ConnectionOptions, connect as tlsConnect } from 'node:tls'
import type { Host } from '../host.ts'
import { type HostSocket, type NodeConnectOptions, nodeConnect } from './connect.ts'
import { tellEnds } from './secure.ts'

/**
 * An agent for `http.request`, and for every library that takes one (ws, axios, got), on this host.
 *
 * @example
 * http.get('http://web.example/', { agent: nodeAgent(internet.host('laptop')) }, (reply) => …)
 */
export function nodeAgent(host: Host, options: AgentOptions = {}): HttpAgent {
  return new HostAgent(host, options)
}

/** The same for `https.request`: TLS by Node over the host's connections. */
export function nodeSecureAgent(host: Host, options: HttpsAgentOptions = {}): HttpsAgent {
  return new SecureHostAgent(host, options)
}

class HostAgent extends HttpAgent {
  readonly #connect: (options: NodeConnectOptions) => Duplex

  constructor(host: Host, options: AgentOptions) {
    super(options)
    this.#connect = nodeConnect(host)
  }

  override createConnection(options: unknown): Duplex {
    return this.#connect(options as NodeConnectOptions)
  }
}

class SecureHostAgent extends HttpsAgent {
  readonly #connect: (options: NodeConnectOptions) => HostSocket

  constructor(host: Host, options: HttpsAgentOptions) {
    super(options)
    this.#connect = nodeConnect(host)
  }

  override createConnection(options: unknown): Duplex {
    const wanted = options as NodeConnectOptions & ConnectionOptions
    // TLS ends its half itself, behind what it has still to send.
    const socket = this.#connect({ ...wanted, allowHalfOpen: true })
    const secure = tlsConnect({ ...wanted, socket })
    tellEnds(secure, socket)
    return secure
  }
}
