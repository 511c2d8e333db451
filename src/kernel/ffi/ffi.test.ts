import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { chooseFfi } from './choice.ts'
import type { Ffi } from './ffi.ts'
import { koffiFfi } from './koffi.ts'
import { nodeFfi } from './node.ts'

const EBADF = 9
const supported = process.platform === 'linux'

function loaded(way: () => Ffi): Ffi | string {
  if (!supported) return `this is ${process.platform}`
  try {
    return way()
  } catch (error) {
    return (error as Error).message
  }
}

/** What every way to call C must do alike. */
function suite(name: string, way: () => Ffi): void {
  const ffi = loaded(way)
  if (typeof ffi === 'string') {
    test(name, { skip: ffi })
    return
  }
  describe(name, () => {
    test('numbers, negative ones and large ones among them', () => {
      assert.equal(ffi.func('abs', 'int', 'int')(-7), 7)
      assert.equal(ffi.func('labs', 'wide', 'wide')(-(2n ** 40n)), 2n ** 40n)
      assert.equal(ffi.func('ntohl', 'uint', 'uint')(0xff), 0xff00_0000)
    })

    test('texts, memory by reference, and none', () => {
      assert.equal(ffi.func('strlen', 'wide', 'text')('four'), 4n)
      const bytes = new Uint8Array([1, 2, 3, 4, 5])
      const memset = ffi.func('memset', 'address', 'memory', 'int', 'wide')
      assert.equal(memset(bytes.subarray(1), 9, 3n), ffi.addressOf(bytes) + 1n)
      assert.deepEqual([...bytes], [1, 9, 9, 9, 5])
      const large = new Uint32Array(100_000)
      memset(large, 255, 400_000n)
      assert.equal(large[99_999], 0xffff_ffff)
      assert.equal(ffi.func('time', 'wide', 'memory')(null) > 0n, true)
    })

    test('memory of C as JavaScript sees it', () => {
      const address = ffi.func('calloc', 'address', 'wide', 'wide')(1n, 64n)
      const view = new Uint8Array(ffi.view(address, 64))
      assert.deepEqual(
        [...view],
        Array.from({ length: 64 }, () => 0),
      )
      view.set([4, 5, 6], 10)
      assert.equal(ffi.func('memchr', 'address', 'address', 'int', 'wide')(address, 5, 64n), address + 11n)
      ffi.func('free', 'void', 'address')(address)
    })

    test('a wide result is cut to 32 bits where an int is asked for', () => {
      assert.equal(ffi.func('read', 'int', 'int', 'memory', 'wide')(-1, new Uint8Array(1), 1n), -1)
    })

    test('errno', () => {
      assert.equal(ffi.func('close', 'int', 'int')(-1), -1)
      assert.equal(ffi.errno(), EBADF)
    })

    test('one name with two signatures', () => {
      const one = ffi.func('memchr', 'address', 'memory', 'int', 'wide')
      const other = ffi.func('memchr', 'address', 'address', 'int', 'wide')
      const bytes = new Uint8Array([7, 8])
      assert.equal(one(bytes, 8, 2n), other(ffi.addressOf(bytes), 8, 2n))
    })

    test('C calls JavaScript with addresses and numbers, until the callback is released', () => {
      const found: bigint[] = []
      const callback = ffi.callback(
        (handle, argument) => {
          found.push(handle, argument)
        },
        'address',
        'address',
      )
      const walk = ffi.func('uv_walk', 'void', 'address', 'address', 'address')
      walk(ffi.loop(), callback.address, 12_345n)
      callback.release()
      assert.ok(found.length >= 2, 'the loop of a running program has handles')
      assert.ok(found.every((value, i) => (i % 2 === 0 ? value > 4096n : value === 12_345n)))
    })

    test('a function that there is not', () => {
      assert.throws(() => ffi.func('reticle_has_no_such_function', 'void'), Error)
    })
  })
}

suite('node:ffi', nodeFfi)
suite('koffi', koffiFfi)

const FLOOR = JSON.stringify(new URL('../index.ts', import.meta.url).href)
const CHOICE = JSON.stringify(new URL('./choice.ts', import.meta.url).href)

/** What a program prints, and what Node says beside it. */
function run(
  flags: readonly string[],
  code: string,
  environment: NodeJS.ProcessEnv = {},
): { out: string; err: string } {
  const { stdout, stderr } = spawnSync(process.execPath, [...flags, '--input-type=module', '-e', code], {
    encoding: 'utf8',
    cwd: fileURLToPath(new URL('../../..', import.meta.url)),
    env: { ...process.env, NODE_OPTIONS: '', RETICLE_FFI: '', RETICLE_DRIVER: '', ...environment },
  })
  return { out: stdout.trim(), err: stderr.trim() }
}

describe('the choice of the way to call C', { skip: !supported }, () => {
  const [major, minor] = process.versions.node.split('.').map(Number) as [number, number]
  const builtIn = 'ffi' in chooseFfi() && (major > 26 || (major === 26 && minor >= 10))
  const name = `import { chooseFfi } from ${CHOICE}; const way = chooseFfi(); console.log(way.ffi?.name ?? way.reason)`

  test('nothing is printed on the terminal, and other warnings are', () => {
    const code = `import { kernelHost } from ${FLOOR}; kernelHost(); process.emitWarning('of the program')`
    const { err } = run([], code)
    assert.doesNotMatch(err, /FFI|Experimental/)
    assert.match(err, /Warning: of the program/)
  })

  test('Node’s own before koffi', { skip: !builtIn && 'this Node has no node:ffi' }, () => {
    assert.equal(run([], name).out, 'node')
  })

  test('koffi where Node’s own is off', { skip: typeof loaded(koffiFfi) === 'string' }, () => {
    const off = builtIn ? ['--no-experimental-ffi'] : []
    assert.equal(run(off, name).out, 'koffi')
  })

  test('RETICLE_FFI', () => {
    for (const way of ['node', 'koffi'] as const)
      if (typeof loaded(way === 'node' ? nodeFfi : koffiFfi) !== 'string')
        assert.equal(run([], name, { RETICLE_FFI: way }).out, way)
    assert.equal(run([], name, { RETICLE_FFI: 'none' }).out, 'RETICLE_FFI asks for none')
    assert.match(run([], name, { RETICLE_FFI: 'other' }).out, /RETICLE_FFI is other, and may be node, koffi or none/)
  })

  test('where neither may be used the `node` driver serves, and says why', () => {
    const code = `import { kernelHost } from ${FLOOR}; const { name, reason } = kernelHost().driver; console.log(name, reason)`
    const { out } = run(['--permission', '--allow-fs-read=*'], code)
    assert.match(out, /^node node:ffi cannot be used: .*; koffi cannot be loaded: /)
  })
})
