/**
 * Structured fields against cases: ours, and those of the working group where they are at hand.
 *
 *     node test/conformance/structured-fields/run.ts [FOLDER]
 *
 * FOLDER is a checkout of github.com/httpwg/structured-field-tests: its *.json, and serialisation-tests/*.json.
 */
import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { Fault } from '../../../src/base/fault.ts'
import {
  type BareItem,
  formatStructuredDictionary,
  formatStructuredItem,
  formatStructuredList,
  HttpMisuse,
  parseStructuredDictionary,
  parseStructuredItem,
  parseStructuredList,
  type StructuredDictionary,
  type StructuredItem,
  type StructuredList,
  type StructuredMember,
  type StructuredParameters,
} from '../../../src/http/index.ts'
import { CASES, type Case, type Kind } from './cases.ts'

/** What was read, as the text that it is written as; a Fault when it was refused. */
export function rewritten(kind: Kind, text: string): string | Fault {
  if (kind === 'item') {
    const item = parseStructuredItem(text)
    return item instanceof Fault ? item : formatStructuredItem(item)
  }
  if (kind === 'list') {
    const list = parseStructuredList(text)
    return list instanceof Fault ? list : formatStructuredList(list)
  }
  const dictionary = parseStructuredDictionary(text)
  return dictionary instanceof Fault ? dictionary : formatStructuredDictionary(dictionary)
}

/** Why one of our cases fails; null when it does not. */
export function failure([kind, text, canonical]: Case): string | null {
  const got = rewritten(kind, text)
  if (got instanceof Fault) return canonical === undefined ? null : `refused at ${got.at}: ${got.why}`
  if (canonical === undefined) return `read, and written as ${got}`
  return got === canonical ? null : `written as ${got}, not as ${canonical}`
}

/** The form of the working group's cases. */
interface GroupCase {
  readonly name: string
  readonly raw?: readonly string[]
  readonly header_type: Kind
  readonly expected?: unknown
  readonly must_fail?: boolean
  readonly can_fail?: boolean
  readonly canonical?: readonly string[]
}

function groupFailure(given: GroupCase): string | null {
  if (given.raw !== undefined) {
    const got = rewritten(given.header_type, given.raw.join(', '))
    if (got instanceof Fault) return given.must_fail || given.can_fail ? null : `refused at ${got.at}: ${got.why}`
    if (given.must_fail) return `read, and written as ${got}`
    const wanted = (given.canonical ?? given.raw).join(', ')
    if (got !== wanted) return `written as ${got}, not as ${wanted}`
  }
  if (given.expected === undefined) return null
  try {
    const written = formatExpected(given.header_type, given.expected)
    if (given.must_fail) return `written as ${written}`
    const wanted = (given.canonical ?? given.raw ?? []).join(', ')
    // A decimal that is whole cannot be told from an integer in JSON.
    const without = (text: string) => text.replace(/(\d)\.0(?!\d)/g, '$1')
    return without(written) === without(wanted) ? null : `${written} was made of what was expected, not ${wanted}`
  } catch (error) {
    return error instanceof HttpMisuse && given.must_fail ? null : String(error)
  }
}

type Json = readonly unknown[]

function formatExpected(kind: Kind, expected: unknown): string {
  if (kind === 'item') return formatStructuredItem(itemOf(expected as Json))
  if (kind === 'list') return formatStructuredList((expected as Json[]).map(memberOf) satisfies StructuredList)
  const pairs = (expected as [string, Json][]).map(([name, member]) => [name, memberOf(member)] as const)
  return formatStructuredDictionary(new Map(pairs) satisfies StructuredDictionary)
}

function memberOf(json: Json): StructuredMember {
  if (!Array.isArray(json[0])) return itemOf(json)
  return { items: (json[0] as Json[]).map(itemOf), parameters: parametersOf(json[1]) }
}

function itemOf(json: Json): StructuredItem {
  return { item: bareItemOf(json[0]), parameters: parametersOf(json[1]) }
}

function parametersOf(json: unknown): StructuredParameters {
  return new Map((json as [string, unknown][]).map(([name, value]) => [name, bareItemOf(value)]))
}

function bareItemOf(json: unknown): BareItem {
  if (typeof json === 'boolean') return { type: 'boolean', value: json }
  if (typeof json === 'string') return { type: 'string', value: json }
  if (typeof json === 'number') return { type: Number.isInteger(json) ? 'integer' : 'decimal', value: json }
  const { __type: type, value } = json as { __type: string; value: string }
  if (type === 'token') return { type, value }
  if (type === 'date') return { type, value: Number(value) }
  if (type === 'displaystring') return { type: 'display', value }
  return { type: 'bytes', value: fromBase32(value) }
}

function fromBase32(text: string): Uint8Array {
  let bits = ''
  for (const character of text.replaceAll('=', ''))
    bits += 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(character).toString(2).padStart(5, '0')
  return Uint8Array.from(bits.match(/.{8}/g) ?? [], (octet) => Number.parseInt(octet, 2))
}

function tell(what: string, results: readonly (readonly [name: string, why: string | null])[]): void {
  const failed = results.filter(([, why]) => why !== null)
  console.log(`${what}: ${results.length - failed.length} of ${results.length} pass`)
  for (const [name, why] of failed) console.log(`  ${name}: ${why}`)
  if (failed.length > 0) process.exitCode = 1
}

if (import.meta.main) {
  tell(
    'our cases',
    CASES.map((one) => [`${one[0]} ${JSON.stringify(one[1])}`, failure(one)]),
  )
  const folder = process.argv[2]
  if (folder !== undefined)
    for (const file of globSync(['*.json', 'serialisation-tests/*.json'], { cwd: folder }).sort()) {
      const cases = JSON.parse(readFileSync(join(folder, file), 'utf8')) as GroupCase[]
      tell(
        basename(file),
        cases.map((one) => [one.name, groupFailure(one)]),
      )
    }
}
