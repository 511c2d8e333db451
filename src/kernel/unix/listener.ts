/** A listener whose file goes with it. */
import type { Address } from '../../socket/address.ts'
import type { Listener } from '../../socket/host.ts'
import type { OptionName, OptionValue } from '../../socket/options.ts'
import type { SocketFile } from './file.ts'

export class FileListener implements Listener {
  readonly #listener: Listener
  readonly #file: SocketFile

  constructor(listener: Listener, file: SocketFile) {
    this.#listener = listener
    this.#file = file
  }

  get local(): Address {
    return this.#listener.local
  }

  pause(): void {
    this.#listener.pause()
  }

  resume(): void {
    this.#listener.resume()
  }

  /** The path is free as soon as this has been called. */
  async close(): Promise<void> {
    this.#file.remove()
    await this.#listener.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  setOption(name: OptionName, value: OptionValue): void {
    this.#listener.setOption(name, value)
  }

  getOption(name: OptionName): OptionValue {
    return this.#listener.getOption(name)
  }
}
