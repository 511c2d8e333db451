import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { execFile } from 'node:child_process'
import { pbkdf2, scryptSync, subtle } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { readFile } from 'node:fs'
import { readFile as readFileLater } from 'node:fs/promises'
import { afterEach, test } from 'node:test'
import { setTimeout as imported } from 'node:timers'
import { setInterval as every, setTimeout as pause, scheduler } from 'node:timers/promises'
import { promisify } from 'node:util'
import { brotliCompress, deflate } from 'node:zlib'
import { internet, ms, seconds } from '../index.ts'
import { type VirtualGlobals, virtualGlobals } from './index.ts'

const realNow = Date.now
const began = realNow()
let globals: VirtualGlobals | null = null
afterEach(() => globals?.restore())

/** A simulation that has the globals. */
function taken(seed: number | string = 1) {
  const net = internet({ seed })
  globals = virtualGlobals(net)
  return net
}

test('timers fire in the order and at the times of virtual time, in every form that Node has', async () => {
  const net = taken()
  const heard: string[] = []
  const note = (what: string) => heard.push(`${what} ${performance.now()}`)
  await net.run(async () => {
    setTimeout(note, 3_000_000, 'later')
    setTimeout(note, 5, 'five')
    setTimeout(note, 5, 'five again')
    setTimeout(note, 0, 'none')
    setTimeout(note, 2 ** 40, 'too long')
    imported(note, 7, 'module')
    setImmediate(note, 'immediate')
    const interval = setInterval(() => {
      note('interval')
      if (performance.now() > 35) clearInterval(interval)
    }, 15)
    pause(20, 'promise').then(note)
    promisify(setTimeout)(21).then(() => note('promisified'))
    scheduler.wait(22).then(() => note('scheduler'))
    AbortSignal.timeout(50).addEventListener('abort', () => note('signal'))
    await pause(3_000_001)
  })
  assert.deepEqual(heard, [
    'immediate 0',
    'none 1',
    'too long 1',
    'five 5',
    'five again 5',
    'module 7',
    'interval 15',
    'promise 20',
    'promisified 21',
    'scheduler 22',
    'interval 30',
    'interval 45',
    'signal 50',
    'later 3000000',
  ])
})

test('a timer can be cleared by its object, its number and its number in text, refreshed, and disposed of', async () => {
  const net = taken()
  const heard: number[] = []
  await net.run(async () => {
    const fail = () => assert.fail('was cleared')
    const cleared = setTimeout(fail, 10)
    clearTimeout(cleared)
    cleared.refresh()
    clearTimeout(Number(setTimeout(fail, 10)))
    clearTimeout(String(Number(setTimeout(fail, 10))))
    clearInterval(setTimeout(fail, 10))
    clearImmediate(setImmediate(fail))
    clearTimeout(undefined)
    clearTimeout(12_345_678)
    setTimeout(fail, 10)[Symbol.dispose]()
    const refreshed = setTimeout(() => heard.push(performance.now()), 10)
    assert.equal(refreshed.unref(), refreshed)
    assert.deepEqual([refreshed.hasRef(), refreshed.ref().hasRef()], [false, true])
    await pause(8)
    refreshed.refresh()
    await pause(20)
    refreshed.refresh() // a timer that has fired fires again
    await pause(20)
    assert.throws(() => setTimeout('text' as never, 1), { code: 'ERR_INVALID_ARG_TYPE' })
  })
  assert.deepEqual(heard, [18, 38])
})

test('promises of timers are given up by their signal, and an interval yields as often as it was due', async () => {
  const net = taken()
  await net.run(async () => {
    const giveUp = new AbortController()
    setTimeout(() => giveUp.abort(new Error('enough')), 35)
    await assert.rejects(pause(1000, null, { signal: giveUp.signal }), { name: 'AbortError', code: 'ABORT_ERR' })
    assert.equal(performance.now(), 35)
    await assert.rejects(pause(1, null, { signal: giveUp.signal }), { name: 'AbortError' })
    const times: number[] = []
    for await (const value of every(10, 'tick')) {
      times.push(performance.now())
      assert.equal(value, 'tick')
      if (times.length === 3) break
    }
    assert.deepEqual(times, [45, 55, 65])
    const later = new AbortController()
    setTimeout(() => later.abort(), 25)
    await assert.rejects(
      async () => {
        for await (const _ of every(10, null, { signal: later.signal })) times.push(performance.now())
      },
      { name: 'AbortError' },
    )
    assert.deepEqual(times.slice(3), [75, 85])
  })
})

test('dates, hrtime and chance are the simulation’s, and a date is a date for everybody', async () => {
  const before = new Date(5)
  const draw = async () => {
    const net = taken('chance')
    const drawn = await net.run(async () => {
      await pause(1500)
      assert.equal(new Date().toISOString(), '2026-01-01T00:00:01.500Z')
      assert.equal(Date.now(), Date.UTC(2026, 0, 1, 0, 0, 1, 500))
      assert.match(Date(), /2026|2025/)
      assert.ok(before instanceof Date && new Date(7) instanceof before.constructor)
      assert.equal(new Date(2020, 1).getFullYear(), 2020)
      assert.equal(before.constructor, Date)
      if (typeof Temporal !== 'undefined') {
        assert.equal(Temporal.Now.instant().epochMilliseconds, Date.now())
        assert.equal(Temporal.Now.plainDateTimeISO('UTC').toString(), '2026-01-01T00:00:01.5')
        assert.equal(Temporal.Now.plainDateISO('UTC').toString(), '2026-01-01')
      }
      assert.deepEqual(process.hrtime(), [1, 500_000_000])
      assert.deepEqual(process.hrtime([1, 0]), [0, 500_000_000])
      assert.equal(process.hrtime.bigint(), 1_500_000_000n)
      return [Math.random(), Math.random()]
    })
    globals!.restore()
    return drawn
  }
  const first = await draw()
  assert.deepEqual(await draw(), first)
  assert.notDeepEqual([Math.random(), Math.random()], first)
})

test('what surrounds a call of setTimeout surrounds the call back', async () => {
  const net = taken()
  const storage = new AsyncLocalStorage<string>()
  const found: unknown[] = []
  await net.run(async () => {
    storage.run('request 1', () => {
      setTimeout(() => found.push(storage.getStore()), 5)
      setImmediate(() => found.push(storage.getStore()))
    })
    await pause(10)
  })
  assert.deepEqual(found, ['request 1', 'request 1'])
})

/** The types of Node's world do not name WebAssembly. */
const compiler = Reflect.get(globalThis, 'WebAssembly') as { compile(code: Uint8Array): Promise<unknown> }

test('virtual time stands still while the thread pool works, though a timer of one millisecond waits', async () => {
  const net = taken()
  const work: { readonly [what: string]: () => Promise<unknown> } = {
    pbkdf2: () => promisify(pbkdf2)('a', 'b', 50_000, 32, 'sha256'),
    subtle: async () => {
      const key = await subtle.importKey('raw', new Uint8Array(8), { name: 'PBKDF2' }, false, ['deriveBits'])
      const by = { name: 'PBKDF2', salt: new Uint8Array(8), iterations: 50_000, hash: 'SHA-256' }
      await subtle.deriveBits(by, key, 256)
    },
    deflate: () => promisify(deflate)(new Uint8Array(4 << 20)),
    brotli: () => promisify(brotliCompress)(new Uint8Array(1 << 20)),
    'a file': () => promisify(readFile)(import.meta.filename),
    'a file by promise': () => readFileLater(import.meta.filename),
    wasm: () => compiler.compile(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])),
    'a hash at once': async () => scryptSync('a', 'b', 8),
  }
  await net.run(async () => {
    for (const [what, job] of Object.entries(work)) {
      const before = performance.now()
      const timer = setInterval(() => {}, 1)
      await job()
      clearInterval(timer)
      assert.equal(performance.now(), before, what)
    }
  })
})

test('work that does not end is an error that names the seed', async () => {
  const net = internet({ seed: 'endless' })
  globals = virtualGlobals(net, { outsideWork: ms(50) })
  // Immediates that set each other, by a function taken aside beforehand as some modules do.
  let on = true
  const again = () => {
    if (on) realImmediate(again)
  }
  await assert.rejects(
    net.run(async () => {
      again()
      await pause(1000)
    }),
    (error: Error & { code: string }) => {
      assert.equal(error.code, 'SIM_OUTSIDE')
      assert.match(error.message, /work outside of the simulation \(Immediate\) has not ended after 50 ms of real time/)
      assert.match(error.stack!, /with seed endless/)
      return true
    },
  )
  on = false
})

const realImmediate = setImmediate

test('one simulation at a time has the globals, and everything is put back', async () => {
  const names = Object.getOwnPropertyNames(globalThis)
  const originals = names.map((name) => Object.getOwnPropertyDescriptor(globalThis, name))
  const [net, other] = [internet({ seed: 1 }), internet({ seed: 2 })]
  globals = virtualGlobals(net)
  const held = setTimeout
  setTimeout(() => assert.fail('fires never'), 1)
  assert.notEqual(Date.now, realNow)
  assert.throws(() => virtualGlobals(other), { code: 'SIM_GLOBALS' })
  assert.throws(() => virtualGlobals(net), { code: 'SIM_GLOBALS' })
  globals[Symbol.dispose]()
  globals.restore() // a second time, without effect
  assert.deepEqual(
    names.map((name) => Object.getOwnPropertyDescriptor(globalThis, name)),
    originals,
  )
  assert.ok(Math.abs(Date.now() - began) < 600_000)
  // What was taken aside does what the real one does, until the next simulation.
  await new Promise<void>((resolve) => held(resolve, 1))
  const timer = held(() => assert.fail('was cleared'), 5)
  clearTimeout(timer)
  globals = virtualGlobals(other)
  await other.run(() => new Promise<void>((resolve) => held(resolve, 600_000)))
  assert.equal(other.now, seconds(600))
})

test('a timer that a module keeps is refreshed in one simulation after the other, and outside', async () => {
  const rung: string[] = []
  let kept: NodeJS.Timeout | null = null
  let note = () => {}
  /** Keeps one timer for the life of the process, as undici does. */
  const remind = (): Promise<void> =>
    new Promise((resolve) => {
      note = resolve
      if (kept === null) kept = setTimeout(() => note(), 20)
      else kept.refresh()
    })
  const inSimulation = async (seed: string) => {
    const net = taken(seed)
    await net.run(async () => {
      await remind()
      rung.push(`${seed} ${performance.now()}`)
      await remind()
      rung.push(`${seed} ${performance.now()}`)
      const cleared = kept!.refresh()
      clearTimeout(cleared)
      await pause(100)
    })
    globals!.restore()
  }
  await remind() // the timer is a real one
  await inSimulation('a')
  kept = null
  await inSimulation('b') // the timer is one of b's
  kept = null
  const net = taken('c')
  await net.run(remind)
  globals!.restore()
  await remind()
  const other = taken('d')
  await other.run(remind)
  assert.equal(other.now, ms(20))
  assert.deepEqual(rung, ['a 20', 'a 40', 'b 20', 'b 40'])
})

test('a timer that was unrefed outlives its simulation, one that was not dies with it', async () => {
  const rung: string[] = []
  const net = taken(1)
  await net.run(async () => {
    setTimeout(() => rung.push('simulation'), 30)
    setTimeout(() => rung.push('module'), 30).unref()
    setTimeout(() => rung.push('cleared'), 30)
      .unref()
      .close()
    await pause(10)
  })
  globals!.restore()
  const next = taken(2)
  await next.run(() => pause(100))
  assert.deepEqual(rung, ['module'])
  await next.run(async () => void setTimeout(() => rung.push('in real time'), 10).unref())
  globals!.restore()
  while (rung.length < 2) await new Promise((resolve) => setTimeout(resolve, 5))
  assert.deepEqual(rung, ['module', 'in real time'])
})

test('what an emitter throws because nobody listens fails the run, which names the seed', async () => {
  const net = taken('nobody listens')
  await assert.rejects(
    net.run(async () => {
      setTimeout(() => process.nextTick(() => new EventEmitter().emit('error', new Error('on its own'))), 5)
      await pause(1000)
    }),
    (error: Error) => {
      assert.match(error.stack!, /on its own[\s\S]*with seed nobody listens, at 5 ms/)
      return true
    },
  )
})

test('options are checked', () => {
  assert.throws(() => virtualGlobals(internet(), { outsideWork: 20 as never }), /virtualGlobals\(\{ outsideWork \}\)/)
  virtualGlobals(internet()).restore()
})

test('a child process of the program is not held', async () => {
  const net = taken()
  const run = net.run(async () => {
    const out = await net.clock.hold(promisify(execFile)(process.execPath, ['-p', '6 * 7']))
    assert.equal(out.stdout, '42\n')
  })
  await run
  assert.equal(net.now, 0)
})
