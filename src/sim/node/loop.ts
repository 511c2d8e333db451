/**
 * The real event loop and process around a simulation, as Node, Deno and Bun have them. Microtasks are never counted; how
 * many an `await` takes is the program's business.
 *
 * Node drains ticks and microtasks between two immediates of the same turn, so immediates that are set in batches settle
 * a program as often, with one poll of the machine's own events for all of them (a TCP stream into a program: a fifth
 * less processor time). A program's own immediates run between the batches.
 */
import { relative } from 'node:path'
import type { EventLoop } from '../time/loop.ts'
import { outsideWork } from './outside.ts'

/** The real one: a simulation may have put its own in its place (globals.ts). */
const soon = setImmediate

const BATCH = 32

const waiting: (() => void)[] = []
let left = 0

function settle(): Promise<void> {
  const outside = outsideWork()
  if (outside !== null) return outside.settle()
  return new Promise((resolve) => {
    waiting.push(resolve)
    if (left > 0) return
    left = BATCH
    for (let i = 0; i < BATCH; i++) soon(next)
  })
}

function next(): void {
  left--
  waiting.shift()?.()
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    soon(resolve)
  })
}

/** What is thrown outside of every promise ('error' that no emitter's listener takes) ends the process elsewhere. */
function onStray(listener: (error: unknown) => void): () => void {
  process.on('unhandledRejection', listener)
  const free = !process.hasUncaughtExceptionCaptureCallback?.()
  if (free) process.setUncaughtExceptionCaptureCallback?.(listener)
  return () => {
    process.off('unhandledRejection', listener)
    if (free) process.setUncaughtExceptionCaptureCallback?.(null)
  }
}

/** The command that started this process: node's own options, and the script as seen from the working folder. */
function command(): string | null {
  const { argv, env } = process
  if (env['VITEST'] !== undefined) return 'npx vitest run'
  const script = argv[1]
  if (script === undefined) return null
  const runner = env['NODE_TEST_CONTEXT'] === undefined ? '' : '--test '
  return `node ${runner}${relative(process.cwd(), script) || script}`
}

export const loop: EventLoop = { settle, turn, onStray, command, setting: (name) => process.env[name] }
