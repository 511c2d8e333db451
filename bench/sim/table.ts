/** Figures as a table, or as one JSON line each. */

export interface Row {
  readonly name: string
  readonly unit: string
  readonly median: number
  readonly lowest: number
  readonly highest: number
  /** What it must reach and what it should; 0: nothing is asked. */
  readonly floor: number
  readonly goal: number
}

export function printTable(rows: readonly Row[], json: boolean): void {
  for (const row of rows) {
    if (json) {
      console.log(JSON.stringify({ bench: 'sim', ...row }))
      continue
    }
    const figures = [row.median, row.lowest, row.highest].map((value) =>
      Math.round(value).toLocaleString('en').padStart(12),
    )
    const verdict = row.median >= row.goal ? 'goal' : row.median >= row.floor ? 'above the floor' : 'BELOW THE FLOOR'
    console.log(`${row.name.padEnd(36)}${figures.join('')}  ${row.unit.padEnd(14)}${verdict}`)
  }
}
