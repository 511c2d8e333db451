// biome-ignore-all lint/suspicious/noTemplateCurlyInString: $GENERATE has its own
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Name } from '../../../src/dns/message/name.ts'
import { loadZone } from '../../../src/dns/zone/load.ts'

const word = fc.oneof(
  fc.constantFrom(
    '@',
    '*',
    'a',
    'www',
    'IN',
    'CH',
    '300',
    '1h',
    'A',
    'AAAA',
    'NS',
    'SOA',
    'MX',
    'TXT',
    'CNAME',
    'DNAME',
    'NSEC',
    'LOC',
    'SVCB',
    'WKS',
    'constructor',
    '__proto__',
    'APL',
    'TYPE731',
    '\\#',
    '4',
    '0A000001',
    '192.0.2.1',
    '2001:db8::1',
    'x.',
    '"q"',
    '"',
    '(',
    ')',
    ';',
    '\\',
    '$TTL',
    '$ORIGIN',
    '$INCLUDE',
    '$GENERATE',
    '1-3',
    'h$',
    '${0,3,x}',
    'alpn="h2"',
    '42',
    'N',
    '10m',
    '\u00a0',
    '\0',
  ),
  fc.string({ maxLength: 6 }),
)
const line = fc.array(word, { maxLength: 9 }).chain((words) => fc.constantFrom(words.join(' '), ` ${words.join('\t')}`))

test('any text gives a zone or faults with places, and ends', () => {
  const include = (path: string) => (path.length > 2 ? { text: `a A 192.0.2.1\n$INCLUDE ${path}` } : { why: 'none' })
  const origin = Name.parse('example.')
  fc.assert(
    fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
      const { zone, faults } = loadZone(`$TTL 1\n@ SOA a b 1 2 3 4 5\n@ NS a.\n${lines.join('\n')}`, origin, {
        include,
      })
      const errors = faults.filter((fault) => fault.severity === 'error')
      assert.equal(zone === null, errors.length > 0)
      for (const fault of faults) assert.ok(fault.line >= 1 && fault.column >= 1 && fault.why !== '')
    }),
    { numRuns: 1500 },
  )
})
