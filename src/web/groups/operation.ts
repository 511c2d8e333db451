/** What a part of a site brings for whoever operates it: commands, and checks of how it is set up. */

/** Something that a part lets an operator do: `reticle run NAME`. */
export interface Command {
  /** By which it is called: `import-posts`. */
  readonly name: string
  /** One line for the list of commands. */
  readonly summary: string
  /** Runs with the site's databases around it. @returns the exit status; nothing is 0. */
  run(args: readonly string[]): number | undefined | Promise<number | undefined>
}

/** What a check found. */
export interface Finding {
  /** For programs: `web.no-secret`. */
  readonly code: string
  /** An error must be mended before the site is served to others; a warning should be. */
  readonly level: 'error' | 'warning'
  /** What is wrong, and what to do. */
  readonly text: string
}

/** Looks for mistakes in how a site is set up. */
export type Check = () => readonly Finding[] | Promise<readonly Finding[]>
