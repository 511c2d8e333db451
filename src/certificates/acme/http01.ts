/** HTTP-01 (RFC 8555 §8.3): the answer is a file on port 80. */
import type { Handler } from '../../http/index.ts'
import type { Challenge, Solver } from './challenge.ts'

/** Answers challenges by HTTP: the handler that it wraps must be reachable on port 80 of the name. */
export interface HttpSolver extends Solver {
  /** The handler with the answers in front: `serve(host, solver.answering(site.handle), { port: 80 })`. */
  answering(otherwise: Handler): Handler
}

/** RFC 8555 §8.3: below it the token. */
const PATH = '/.well-known/acme-challenge/'

/**
 * Challenges are answered by this program's own HTTP server on port 80.
 * @example
 * const solver = http01()
 * await serve(host, solver.answering(toHttps), { port: 80 })
 */
export function http01(): HttpSolver {
  return new HttpAnswers()
}

class HttpAnswers implements HttpSolver {
  readonly type = 'http-01'
  readonly #answers = new Map<string, string>()

  present({ token, keyAuthorization }: Challenge): void {
    this.#answers.set(token, keyAuthorization)
  }

  withdraw({ token }: Challenge): void {
    this.#answers.delete(token)
  }

  answering(otherwise: Handler): Handler {
    return (exchange) => {
      const { path, method } = exchange
      if (!path.startsWith(PATH)) return otherwise(exchange)
      const answer = this.#answers.get(path.slice(PATH.length))
      if (answer === undefined || (method !== 'GET' && method !== 'HEAD')) return otherwise(exchange)
      // §8.3 shows this type; a browser must never take it for a page.
      exchange.reply(200, ['Content-Type', 'application/octet-stream', 'Cache-Control', 'no-store'], answer)
    }
  }
}
