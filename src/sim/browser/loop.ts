/** The real event loop around a simulation, as browsers have it: a message to oneself is a turn, without a timer's delay. */
import type { EventLoop } from '../time/loop.ts'

const waiting: (() => void)[] = []
const channel = new MessageChannel()
channel.port1.onmessage = () => waiting.shift()?.()

/** A message comes after all promise reactions. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve)
    channel.port2.postMessage(0)
  })
}

interface Stray {
  readonly reason: unknown
  preventDefault(): void
}

/** Browsers' own, which the types of Node's world do not name. */
declare function addEventListener(type: 'unhandledrejection', listener: (event: Stray) => void): void
declare function removeEventListener(type: 'unhandledrejection', listener: (event: Stray) => void): void

function onStray(listener: (error: unknown) => void): () => void {
  const heard = (event: Stray) => {
    event.preventDefault()
    listener(event.reason)
  }
  addEventListener('unhandledrejection', heard)
  return () => removeEventListener('unhandledrejection', heard)
}

export const loop: EventLoop = { settle, turn: settle, onStray, command: () => null, setting: () => undefined }
