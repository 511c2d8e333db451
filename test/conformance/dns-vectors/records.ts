/** `test_ldnsrr.N` with `test_ldnsrr.cN`: records as people write them, then each on the wire and in canonical text. */
import { encodeRecord } from '../../../src/dns/message/encode.ts'
import { Name } from '../../../src/dns/message/name.ts'
import { printRecord } from '../../../src/dns/message/rdata/text.ts'
import { printFault } from '../../../src/dns/zone/fault.ts'
import { readMaster } from '../../../src/dns/zone/master.ts'
import type { Verdict } from './run.ts'

export function recordVerdicts(text: string, canonical: string): Verdict[] {
  const written = entries(text)
  const expected = canonical.split('\n').filter((line) => line !== '')
  const verdicts: Verdict[] = []
  for (let i = 0; i * 2 < expected.length; i++) {
    const [wire = '', line = ''] = expected.slice(2 * i, 2 * i + 2)
    const entry = written[i]
    verdicts.push(entry === undefined ? { failed: 'there is no such record in the input' } : verdict(entry, wire, line))
  }
  return verdicts
}

/** The records of the input, one a line, without comments and blank lines. */
function entries(text: string): string[] {
  return text.split('\n').filter((line) => !/^\s*(;|$)/.test(line) && !line.startsWith('$'))
}

/** The suite reads each line alone, with the root for a name left out and 3600 for a time left out. */
function verdict(entry: string, wire: string, line: string): Verdict {
  const owner = /^\s/.test(entry) ? `.${entry}` : entry
  const { records, faults } = readMaster(owner, { origin: Name.root, ttl: 3600, metaTypes: true })
  const [record] = records
  if (record === undefined) return { failed: `${printFault(faults[0]!)} in: ${entry.slice(0, 120)}` }
  const ours = Buffer.from(encodeRecord(record)).toString('hex').toUpperCase()
  if (ours !== wire) return { failed: `on the wire ${ours.slice(0, 120)} instead of ${wire.slice(0, 120)}` }
  const printed = printRecord(record).trimEnd()
  const wanted = line.replace(/ ;\{.*\}$/, '').trimEnd()
  if (printed === wanted) return { passed: true }
  return { failed: `'${printed.slice(0, 120)}' instead of '${wanted.slice(0, 120)}'` }
}
