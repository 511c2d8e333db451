/** What stands above the journey: what is asked, in which world, and the conditions of the line to the provider. */
import { formatDuration } from '../../base/clock.ts'
import type { AccessLine } from '../../sim/index.ts'

export interface Opening {
  readonly method: string
  readonly url: string
  readonly times: number
  readonly seed: string
  readonly access: Required<AccessLine>
}

/** Three lines that fit 80 columns as long as the URL does. */
export function openingLines({ method, url, times, seed, access }: Opening): string[] {
  const often = times === 1 ? '' : `, ${times} times`
  return [
    `laptop: ${method} ${url}${often}, in a simulated Internet, seed ${seed}`,
    'home-router ─ provider (resolver) ─ exchange (root, registry, authority, web)',
    `home-router ─ provider: ${conditionWords(access)}`,
  ]
}

/** `8 ms each way, up to 5 ms more, 50 Mbit/s, 5 % lost`. */
function conditionWords({ latency, jitter, rate, loss }: Required<AccessLine>): string {
  const parts = [`${formatDuration(latency)} each way`, rateWords(rate)]
  if (jitter > 0) parts.splice(1, 0, `up to ${formatDuration(jitter)} more`)
  if (loss > 0) parts.push(`${Number((loss * 100).toPrecision(6))} % lost`)
  return parts.join(', ')
}

function rateWords(rate: number): string {
  for (const [scale, unit] of [
    [1e9, 'Gbit/s'],
    [1e6, 'Mbit/s'],
    [1e3, 'kbit/s'],
  ] as const)
    if (rate >= scale) return `${Number((rate / scale).toPrecision(6))} ${unit}`
  return `${rate} bit/s`
}
