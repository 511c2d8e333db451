/** Values of options, read from text: with the option's name in the message when they are wrong. */
import { kbit, type Rate } from '../sim/index.ts'
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

/** In thousands. */
const SCALES: { readonly [suffix: string]: number } = { '': 1e-3, k: 1, m: 1e3, g: 1e6 }

/** `256k`, `50M`, `1G`: bits a second. */
export function parseRate(option: string, text: string): Rate {
  const parts = /^(\d+(?:\.\d+)?)([kmg]?)$/i.exec(text)
  const thousands = parts === null ? 0 : Number(parts[1]) * SCALES[parts[2]!.toLowerCase()]!
  if (thousands < 1)
    throw new UsageError(`${option} must be a rate of at least 1k, like 256k, 50M or 1G, not '${text}'`)
  return kbit(thousands)
}
