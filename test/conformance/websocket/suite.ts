/** All cases, and how they are run against either side. */
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import type { Case } from './case.ts'
import { closeCases } from './cases-close.ts'
import { deflateCases } from './cases-deflate.ts'
import { framingCases } from './cases-framing.ts'
import { type AnswerCase, answerCases, type RequestCase, requestCases } from './cases-handshake.ts'
import { limitCases } from './cases-limits.ts'
import { textCases } from './cases-text.ts'
import { accepted, agreedOf, answerTo, dial } from './handshake.ts'
import { Peer } from './peer.ts'

/**
 * - `ok`: as the RFC says.
 * - `failed`: otherwise; `why` says how.
 * - `skipped`: the side under test does not offer what the case needs.
 */
export interface Result {
  readonly id: string
  readonly title: string
  readonly verdict: 'ok' | 'failed' | 'skipped'
  readonly why: string
}

/** @param thorough all sizes; else a sixteenth of the long ones, and few messages of each. */
export function allCases(thorough: boolean): readonly Case[] {
  return [
    ...framingCases,
    ...textCases,
    ...closeCases,
    ...limitCases(thorough ? 1 : 16),
    ...deflateCases(thorough ? 50 : 3),
  ]
}

/** The connection of a case, which is let go of however the case ends. */
interface Hangup {
  socket: Socket | null
}

/** How long a case may take before it counts as hung: no verdict hangs on it but that. */
const HUNG = 20_000

async function verdict(id: string, title: string, run: (later: Hangup) => Promise<unknown>): Promise<Result> {
  const later: Hangup = { socket: null }
  let timer: NodeJS.Timeout | undefined
  const hung = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('the case has not come to an end')), HUNG)
  })
  try {
    const said = await Promise.race([run(later), hung])
    return { id, title, verdict: said === 'skipped' ? 'skipped' : 'ok', why: '' }
  } catch (error) {
    return { id, title, verdict: 'failed', why: (error as Error).message }
  } finally {
    clearTimeout(timer)
    later.socket?.destroy()
  }
}

/** Runs cases against a server that echoes messages. */
export async function testServer(url: URL, wanted: RegExp, thorough: boolean): Promise<Result[]> {
  const results: Result[] = []
  for (const one of requestCases.filter(({ id }) => wanted.test(id)))
    results.push(await verdict(one.id, one.title, () => (one as RequestCase).run(url)))
  for (const one of allCases(thorough).filter(({ id }) => wanted.test(id)))
    results.push(
      await verdict(one.id, one.title, async (later) => {
        const peer = await dial(url, one.extensions)
        later.socket = peer.socket
        return one.extensions !== undefined && peer.agreed === null ? 'skipped' : one.run(peer)
      }),
    )
  return results
}

/**
 * A server for clients that echo messages, after the manner of fuzzing servers: `/getCaseCount` sends their number,
 * `/runCase?case=N` runs one, `/updateReports` ends.
 */
export class FuzzingServer {
  readonly results: Result[] = []
  readonly #cases: readonly Case[]
  readonly #answers: readonly AnswerCase[]
  readonly #server: Server
  readonly #done = Promise.withResolvers<void>()
  readonly #running = new Set<Promise<void>>()

  constructor(wanted: RegExp, thorough: boolean) {
    this.#cases = allCases(thorough).filter(({ id }) => wanted.test(id))
    this.#answers = answerCases.filter(({ id }) => wanted.test(id))
    this.#server = createServer((socket) => {
      const running: Promise<void> = this.#serve(socket).finally(() => this.#running.delete(running))
      this.#running.add(running)
    })
  }

  get count(): number {
    return this.#cases.length + this.#answers.length
  }

  /** Resolves when a client has asked for the report. */
  get done(): Promise<void> {
    return this.#done.promise
  }

  async listen(port: number): Promise<number> {
    this.#server.listen(port, '127.0.0.1')
    await once(this.#server, 'listening')
    return (this.#server.address() as { port: number }).port
  }

  async close(): Promise<void> {
    await Promise.all(this.#running)
    this.#server.close()
  }

  async #serve(socket: Socket): Promise<void> {
    socket.on('error', () => {})
    const head = await headOf(socket)
    const field = (name: string) => new RegExp(`^${name}: *(.*)$`, 'im').exec(head.text)?.[1]?.trim()
    const url = new URL(head.text.split(' ')[1] ?? '/', 'http://fuzz/')
    const key = field('sec-websocket-key') ?? ''
    const number = Number(url.searchParams.get('case')) - 1
    if (url.pathname === '/runCase' && number < this.#answers.length)
      return this.#refused(socket, this.#answers[number]!, key)
    const one = url.pathname === '/runCase' ? this.#cases[number - this.#answers.length] : undefined
    const extensions =
      one?.extensions === undefined ? undefined : answerTo(field('sec-websocket-extensions'), one.extensions)
    if (extensions === null) this.results.push({ ...(one as Case), verdict: 'skipped', why: '' })
    const lines = [
      'HTTP/1.1 101 Switching Protocols',
      'Upgrade: websocket',
      'Connection: Upgrade',
      `Sec-WebSocket-Accept: ${accepted(key)}`,
    ]
    if (extensions) lines.push(`Sec-WebSocket-Extensions: ${extensions}`)
    socket.write(`${lines.join('\r\n')}\r\n\r\n`)
    const peer = new Peer('server', socket, head.rest, agreedOf('server', extensions ?? undefined))
    if (one !== undefined && extensions !== null)
      this.results.push(await verdict(one.id, one.title, () => one.run(peer)))
    else {
      if (url.pathname === '/getCaseCount') await peer.send(1, String(this.count))
      await peer.close(1000)
      if (url.pathname === '/updateReports') this.#done.resolve()
    }
    socket.end()
  }

  /** The client must break the connection off, and may say nothing on it. */
  async #refused(socket: Socket, one: AnswerCase, key: string): Promise<void> {
    const result = await verdict(one.id, one.title, async () => {
      const said: Buffer[] = []
      socket.on('data', (bytes: Buffer) => said.push(bytes))
      socket.write(`${one.answer(key).join('\r\n')}\r\n\r\n`)
      await new Promise((resolve) => socket.on('close', resolve).on('end', resolve))
      if (said.length > 0) throw new Error(`the client went on, with ${Buffer.concat(said).length} octets`)
    })
    this.results.push(result)
    socket.end()
  }
}

function headOf(socket: Socket): Promise<{ text: string; rest: Buffer }> {
  return new Promise((resolve) => {
    let held = Buffer.alloc(0)
    const read = (bytes: Buffer) => {
      held = Buffer.concat([held, bytes])
      const end = held.indexOf('\r\n\r\n')
      if (end < 0) return
      socket.off('data', read)
      resolve({ text: held.subarray(0, end).toString('latin1'), rest: held.subarray(end + 4) })
    }
    socket.on('data', read)
  })
}
