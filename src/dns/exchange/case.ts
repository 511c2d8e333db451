/**
 * Mixed case in questions ("0x20"): a server sends the name back as it was asked, letter for letter, so every letter
 * is one more bit that a forger must guess.
 */
import type { Random } from '../../base/random.ts'
import { Name } from '../message/name.ts'

/** The name with each letter's case drawn at random. */
export function mixedCase(name: Name, random: Random): Name {
  const wire = name.wire.slice()
  let bits = 0
  let left = 0
  for (let i = 0; i < wire.length; i++) {
    const folded = wire[i]! | 0x20
    if (folded < 97 || folded > 122) continue
    if (left === 0) {
      bits = random.u32()
      left = 32
    }
    wire[i] = folded ^ ((bits & 1) << 5)
    bits >>>= 1
    left--
  }
  return new Name(wire)
}
