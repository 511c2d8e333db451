/** Runs `reticle look` in this process and takes what it prints. */
import { main } from '../../src/cli/main.ts'

export interface Printed {
  readonly status: number
  readonly out: string
  readonly error: string
}

export async function reticle(args: readonly string[], columns = 120, colours = false): Promise<Printed> {
  const printed = { out: '', error: '' }
  const status = await main(args, {
    out: (text) => void (printed.out += text),
    error: (text) => void (printed.error += text),
    colours,
    columns,
    interrupted: new AbortController().signal,
  })
  return { status, ...printed }
}
