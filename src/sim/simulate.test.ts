import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { relative, resolve } from 'node:path'
import { test } from 'node:test'
import { SocketError } from '../base/errors.ts'
import { type Internet, internet, ms, seconds, simulate } from './index.ts'

const FILE = relative(process.cwd(), resolve(import.meta.dirname, 'trial/experiment.ts'))

/** Runs one of the experiments in a process of its own. */
function run(experiment: string, env: Readonly<Record<string, string>> = {}, options: readonly string[] = []) {
  const { NODE_TEST_CONTEXT: _inherited, RETICLE_SEED: _seed, RETICLE_SEEDS: _seeds, ...rest } = process.env
  const { status, stdout, stderr } = spawnSync(process.execPath, [...options, FILE], {
    env: { ...rest, EXPERIMENT: experiment, ...env },
    encoding: 'utf8',
  })
  return { status, stdout, output: stdout + stderr }
}

test('the seed that fails is printed with the command that repeats it, and the command does', () => {
  const { status, output } = run('unlucky')
  assert.notEqual(status, 0)
  const told =
    /a ping: seed (\d+) fails at 1 s(?: \(\d+ seeds? before it passed\))?: the answer was timeout\n *to repeat: (.*)\n/.exec(
      output,
    )
  assert.ok(told, output)
  const [, seed, command] = told
  assert.equal(command, `RETICLE_SEED=${seed} node ${FILE}`)
  const again = run('unlucky', { RETICLE_SEED: seed! })
  assert.match(again.output, new RegExp(`a ping: seed ${seed} fails at 1 s: the answer was timeout`))
  const passing = String(Number(seed) === 1 ? 2 : 1)
  if (passing === '1') assert.equal(run('unlucky', { RETICLE_SEED: passing }).status, 0)
})

test('inside a test the command names the test runner', () => {
  const { status, output } = run('in a test', {}, ['--test'])
  assert.notEqual(status, 0)
  assert.match(output, new RegExp(`to repeat: RETICLE_SEED=\\d+ node --test ${FILE.replaceAll('.', '\\.')}`))
})

test('an error in a task that nobody waits for fails the run, and not the process', () => {
  const { status, output } = run('stray', { RETICLE_SEED: '77' })
  assert.equal(status, 1)
  assert.doesNotMatch(output, /the run went on/)
  assert.match(output, /Error: nobody waits for this/)
  assert.match(
    output,
    /in a program of careless; in a simulation with seed 77, at 1 s of virtual time; to repeat: RETICLE_SEED=77 node/,
  )
  assert.equal(run('two at once').stdout, 'rejected fulfilled\n', 'the other simulation goes on')
})

test('a run that cannot end says the seed, what is out of order, and what to do', () => {
  const { output } = run('deadlock', { RETICLE_SEED: 'x' })
  assert.match(
    output,
    /deadlock at 1 ms \(seed x\): nothing is scheduled, and the promise given to run\(\) is still pending/,
  )
  assert.match(output, /use sleep\(host\.clock, …\) instead of setTimeout/)
  assert.match(output, /At this time: crashed: b \(.*\); cut: a--b; 1 rule \(.*\) in force\./)
  assert.match(output, /to repeat: RETICLE_SEED=x node/)
})

test('every seed is run with an Internet of its own, until one fails', async () => {
  const seeds: string[] = []
  const nets = new Set<Internet>()
  const note = (net: Internet, seed: string) => {
    seeds.push(`${seed} ${net.seed}`)
    nets.add(net)
    if (seed === '7') throw new Error('this one')
  }
  await simulate('fine', { seeds: 3 }, note)
  assert.deepEqual(seeds.splice(0), ['1 1', '2 2', '3 3'])
  await assert.rejects(simulate('not fine', { seeds: 9, first: 5 }, note), (error: Error & { seed: string }) => {
    assert.equal(error.seed, '7')
    assert.match(
      error.message,
      /^not fine: seed 7 fails at 0 ns \(2 seeds before it passed\): this one\nto repeat: RETICLE_SEED=7 /,
    )
    assert.match((error.cause as Error).message, /this one/)
    return true
  })
  assert.equal(nets.size, 6)
  await assert.rejects(simulate('none', { seeds: 0 }, note), { code: 'SIM_SEEDS' })
})

test('a program that fails after the last wait of an experiment fails the seed', async () => {
  const late = (net: Internet) => {
    net.host('a').start(async () => {
      throw new Error('too late?')
    })
    return net.run({ for: ms(0) })
  }
  await assert.rejects(simulate('late', { seeds: 1 }, late), /too late\?/)
})

test('an error of a socket that leaves a run keeps its message and code, and says the seed under its stack', async () => {
  const net = internet({ seed: 42 })
  const [a, b] = [net.host('a'), net.host('b')]
  net.link(a, b, { latency: ms(5) })
  await assert.rejects(
    net.run(() => a.connect({ address: b.address, port: 80 })),
    (error: SocketError) => {
      assert.ok(error instanceof SocketError)
      assert.equal(error.message, `connect ECONNREFUSED: connection refused ${b.address}:80`)
      assert.match(
        error.stack!,
        /\n {4}in a simulation with seed 42, at 20 ms of virtual time; to repeat: internet\(\{ seed: "42" \}\)$/,
      )
      return true
    },
  )
})

test('durations of a run are durations', async () => {
  const net = internet()
  await assert.rejects(
    net.run({ for: 5 as never }),
    /run\(\{ for \}\) must be 0 or at least 1 µs, and 5 is 5 ns: write ms\(5\)/,
  )
  await assert.rejects(
    net.run(Promise.resolve(), { limit: 30 as never }),
    /run\(promise, \{ limit \}\).*write ms\(30\)/,
  )
  await net.run({ for: seconds(1) })
  await net.run({ until: net.now + seconds(1) })
  assert.equal(net.now, seconds(2))
})
