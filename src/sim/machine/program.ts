/** What the programs of one life of a machine see: a `Host` that ends with it. */
import { StackHost, type StackHostOptions } from '../../stack/socket/host.ts'
import type { Stack } from '../../stack/stack.ts'
import type { Life } from './life.ts'

/**
 * The host of a program. A program that its machine's crash has left running in the experiment's process is dead all the
 * same: nothing that it asks of its host is answered, so it never acts in the machine's next life.
 */
export class ProgramHost extends StackHost {
  readonly #life: Life
  readonly #addresses: () => readonly string[]

  constructor(stack: Stack, life: Life, addresses: () => readonly string[], options: StackHostOptions) {
    super(stack, options)
    this.#life = life
    this.#addresses = addresses
  }

  /** The machine's addresses, the loopback's left out. */
  get addresses(): readonly string[] {
    return this.#addresses()
  }

  /** The first of them. */
  get address(): string {
    return this.addresses[0] ?? ''
  }

  override listen(...call: Parameters<StackHost['listen']>): ReturnType<StackHost['listen']> {
    return this.#living(() => super.listen(...call))
  }

  override connect(...call: Parameters<StackHost['connect']>): ReturnType<StackHost['connect']> {
    return this.#living(() => super.connect(...call))
  }

  override datagrams(...call: Parameters<StackHost['datagrams']>): ReturnType<StackHost['datagrams']> {
    return this.#living(() => super.datagrams(...call))
  }

  override ping(...call: Parameters<StackHost['ping']>): ReturnType<StackHost['ping']> {
    return this.#living(() => super.ping(...call))
  }

  override lookup(...call: Parameters<StackHost['lookup']>): ReturnType<StackHost['lookup']> {
    return this.#living(() => super.lookup(...call))
  }

  #living<T>(call: () => Promise<T>): Promise<T> {
    return this.#life.state === 'over' ? new Promise(() => {}) : call()
  }
}
