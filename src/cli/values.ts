/** Values of options, read from text: with the option's name in the message when they are wrong. */
import { UsageError } from './command.ts'

export function parseNumber(option: string, text: string, least: number, most: number): number {
  const value = Number(text)
  if (text.trim() === '' || !(value >= least && value <= most))
    throw new UsageError(`${option}: '${text}' is not a number from ${least} to ${most}`)
  return value
}

export function parseCount(option: string, text: string, least: number, most: number): number {
  if (!/^\d+$/.test(text)) throw new UsageError(`${option}: '${text}' is not a whole number from ${least} to ${most}`)
  return parseNumber(option, text, least, most)
}

const SCALES: { readonly [suffix: string]: number } = { '': 1, k: 1e3, m: 1e6, g: 1e9 }

/** `256k`, `50M`, `1G`: bits a second. */
export function parseRate(option: string, text: string): number {
  const parts = /^(\d+(?:\.\d+)?)([kmg]?)$/i.exec(text)
  const rate = parts === null ? 0 : Number(parts[1]) * SCALES[parts[2]!.toLowerCase()]!
  if (rate <= 0) throw new UsageError(`${option}: '${text}' is no rate; write 256k, 50M or 1G`)
  return rate
}
