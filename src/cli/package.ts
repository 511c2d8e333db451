/** The folder of the package, with `/` at its end: what stands beside `src/` in the checkout and in the built package. */
export const PACKAGE: string = import.meta.url.slice(0, import.meta.url.lastIndexOf('/src/') + 1)
