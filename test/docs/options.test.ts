/** The table of socket options in the documents is what the hosts have, which the conformance suite holds them to. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { OPTIONS, type OptionName } from '../../src/socket/options.ts'
import { STACK, WITH_FFI, WITHOUT_FFI } from '../conformance/host/sets.ts'
import type { World } from '../conformance/host/world.ts'

const document = join(import.meta.dirname, '../../docs/sockets.md')

function cell(options: World['options'], name: OptionName): string {
  const { stream, datagram, stream6 = stream, datagram6 = datagram } = options
  const one = (letter: string, four: readonly OptionName[], six: readonly OptionName[]): string[] =>
    four.includes(name) ? [letter] : six.includes(name) ? [`${letter}6`] : []
  const unix = options.unix?.includes(name) ? ['u'] : []
  return [...one('s', stream, stream6), ...one('d', datagram, datagram6), ...unix].join(' ')
}

function table(): string {
  const names = Object.keys(OPTIONS) as OptionName[]
  const rows = names.map(
    (name) =>
      `| ${name} | ${OPTIONS[name][2]} | ${[WITH_FFI, WITHOUT_FFI, STACK].map((host) => cell(host, name)).join(' | ')} |`,
  )
  const head =
    '| option | value | kernel host | the same without FFI | our stack, the simulator |\n|---|---|---|---|---|'
  return [head, ...rows].join('\n')
}

test('docs/sockets.md shows the options that the hosts have', () => {
  const text = readFileSync(document, 'utf8')
  const found = /<!-- options -->\n([\s\S]*?)\n?<!-- \/options -->/.exec(text)?.[1]
  assert.ok(found === table(), `put this between the marks of docs/sockets.md:\n${table()}`)
})
