/** Values in a srcset: one address, or candidates with their descriptors. */
import { SafeSrcset, SafeUrl } from '../../safe.ts'
import type { Replaced, Settings } from '../content/content.ts'
import { addressText, escapeUrlStart } from './address.ts'

const DESCRIPTOR = /^(?:\d+w|\d+h|\d+(?:\.\d+)?x)?$/

/** A value at the beginning of a candidate. Text with white space is a list when it reads as one, else one address. */
export function escapeSrcset(value: unknown, settings: Settings, replaced: Replaced | null): string {
  if (value instanceof SafeSrcset) return value.text
  const one = (address: unknown) => inSrcset(escapeUrlStart(address, settings, replaced, true))
  const text = addressText(value).trim()
  const candidates = value instanceof SafeUrl || !/\s/.test(text) ? null : readSrcset(text)
  if (candidates === null) return one(value)
  return candidates.map(([address, descriptor]) => one(address) + (descriptor && ` ${descriptor}`)).join(', ')
}

/** An address in a srcset may contain commas, but neither begin nor end with one. */
export function inSrcset(url: string): string {
  let from = 0
  let to = url.length
  while (from < to && url[from] === ',') from++
  while (to > from && url[to - 1] === ',') to--
  return from === 0 && to === url.length
    ? url
    : '%2C'.repeat(from) + url.slice(from, to) + '%2C'.repeat(url.length - to)
}

/** HTML §4.8.4.3.10: addresses without white space, each with a descriptor or none. Null for text that is no such list. */
function readSrcset(text: string): [address: string, descriptor: string][] | null {
  const candidates: [string, string][] = []
  const ADDRESS = /[\s,]*(\S+)/y
  const REST = /([^,]*),?/y
  for (let at = 0; at < text.length; ) {
    ADDRESS.lastIndex = at
    const address = ADDRESS.exec(text)?.[1]
    if (address === undefined) break
    at = ADDRESS.lastIndex
    if (address.endsWith(',')) {
      candidates.push([address.slice(0, -1), ''])
      continue
    }
    REST.lastIndex = at
    const descriptor = REST.exec(text)![1]!.trim()
    if (!DESCRIPTOR.test(descriptor)) return null
    at = REST.lastIndex
    candidates.push([address, descriptor])
  }
  return candidates
}
