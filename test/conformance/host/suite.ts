/**
 * The Host conformance suite: what `socket/host.ts` promises, asked of any Host. It uses the contract alone and no
 * clock but the hosts' own, so the same tests run over this machine's drivers and over a simulated network.
 */
import { datagramScenarios } from './datagram.ts'
import { fileSendingScenarios } from './files.ts'
import { handoverScenarios } from './handover.ts'
import { attachScenarios, endScenarios } from './lifecycle.ts'
import { acceptScenarios, connectScenarios, listenScenarios, pathlessScenarios } from './opening.ts'
import { optionScenarios } from './option.ts'
import { sendingScenarios } from './sending.ts'
import { streamScenarios } from './stream.ts'
import { atPaths, fileScenarios, pairScenarios } from './unix.ts'
import { type Ability, type MakeWorld, scenarios } from './world.ts'

/** The same over Unix sockets, with what is particular to them. `make` is given the kernel's worlds. */
export function unixConformance(name: string, make: MakeWorld, lacks: readonly Ability[] = []): void {
  const scenario = scenarios(`${name}, Unix sockets`, async () => atPaths(await make()), ['reset', ...lacks])
  streamScenarios(scenario)
  attachScenarios(scenario)
  endScenarios(scenario)
  handoverScenarios(scenario)
  sendingScenarios(scenario)
  fileSendingScenarios(scenario)
  fileScenarios(scenario)
  pairScenarios(scenario)
}

/**
 * Declares the suite's tests for one kind of Host; `make` is called once per test.
 * @param lacks what this kind of host does not have, and says so
 */
export function hostConformance(name: string, make: MakeWorld, lacks: readonly Ability[] = []): void {
  const scenario = scenarios(name, make, lacks)
  streamScenarios(scenario)
  attachScenarios(scenario)
  endScenarios(scenario)
  handoverScenarios(scenario)
  sendingScenarios(scenario)
  fileSendingScenarios(scenario)
  listenScenarios(scenario)
  acceptScenarios(scenario)
  connectScenarios(scenario)
  optionScenarios(scenario)
  datagramScenarios(scenario)
  if (lacks.includes('Unix sockets')) pathlessScenarios(scenario)
}
