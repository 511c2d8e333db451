/**
 * The folder of the framework's own files, as stacks name it: `file:///…/reticle/`. Null in a bundle for browsers, where all
 * files are one.
 */
export const FRAMEWORK: string | null = URL.canParse('../../', import.meta.url)
  ? new URL('../../', import.meta.url).href
  : null
