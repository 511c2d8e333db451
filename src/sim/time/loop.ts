/** What a simulation needs of the real event loop, and of the process that it runs in. */
export interface EventLoop {
  /** Resolves when all promise reactions have run. */
  settle(): Promise<void>
  /** Resolves after a whole turn of the event loop: a program's own immediates have run too. */
  turn(): Promise<void>
  /**
   * Names who hears of promises that were rejected and that nobody waits for, and of what is thrown outside of every
   * promise; while somebody does, they do not end the process. The answer takes the listener away.
   */
  onStray(listener: (error: unknown) => void): () => void
  /** How this process was started, for a person who wants to start it again; null where there is no such thing. */
  command(): string | null
  /** A variable of the environment. */
  setting(name: string): string | undefined
}
