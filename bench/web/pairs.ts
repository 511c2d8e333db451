/** Pairs of figures as a table, or as one JSON line each. */

export interface Pair {
  readonly name: string
  /** CPU µs for one. */
  readonly ours: number
  readonly peer: number
}

export function printPairs(pairs: readonly Pair[], json: boolean): void {
  for (const { name, ours, peer } of pairs) {
    const ratio = Number((ours / peer).toFixed(2))
    if (json) console.log(JSON.stringify({ bench: 'web', name, ours, peer, unit: 'CPU µs', ratio }))
    else
      console.log(`${name.padEnd(46)}${ours.toFixed(1).padStart(9)}${peer.toFixed(1).padStart(9)} CPU µs   × ${ratio}`)
  }
}
