import type { Handler } from '../../../src/http/index.ts'

/** What a server under test does: it answers, except at `/slow`, and reads what it is sent. */
export const answerCase: Handler = async (exchange) => {
  if (exchange.path === '/slow')
    return new Promise((resolve) => exchange.signal.addEventListener('abort', () => resolve()))
  await exchange.body.bytes()
  exchange.reply(200, ['Content-Type', 'text/plain'], 'ok')
}
