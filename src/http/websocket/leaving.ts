/** WebSockets whose server closes. One listener a signal, however many they are. */
import type { WebSocketConnection } from './connection.ts'
import { CLOSE_CODE } from './protocol/close-code.ts'

const members = new WeakMap<AbortSignal, Set<WebSocketConnection>>()

/** Closes the WebSocket with 1001 when the signal is aborted. */
export function leaveWith(signal: AbortSignal, socket: WebSocketConnection): void {
  if (signal.aborted) {
    socket.close(CLOSE_CODE.goingAway)
    return
  }
  let all = members.get(signal)
  if (all === undefined) {
    const made = new Set<WebSocketConnection>()
    all = made
    members.set(signal, made)
    const leave = () => {
      for (const one of made) one.close(CLOSE_CODE.goingAway)
    }
    signal.addEventListener('abort', leave, { once: true })
  }
  all.add(socket)
  socket.closed.then(() => all.delete(socket))
}
