/** A site for the checker: 300 KB no two lines of which are alike, and whatever is posted back again. */
import type { Exchange } from '../../../src/http/index.ts'

export const LARGE = Array.from({ length: 30_000 }, (_, i) => `${String(i).padStart(9, '0')}\n`).join('')

export default function large() {
  return async (exchange: Exchange): Promise<void> => {
    const posted = exchange.method === 'POST' ? await exchange.body.text() : null
    exchange.reply(200, ['Content-Type', 'text/plain'], posted ?? LARGE)
  }
}
