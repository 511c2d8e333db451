/**
 * The folder of the framework's own files, as stacks name it: `file:///…/reticle/src/`. Null in a bundle for browsers, where
 * all files are one.
 */
export const FRAMEWORK: string | null = folderOf(import.meta.url)

/** The built package has files in other folders of `src/` than the checkout, so that it is looked for by its name. */
function folderOf(url: string | undefined): string | null {
  const end = url?.lastIndexOf('/src/') ?? -1
  return end === -1 ? null : url!.slice(0, end + '/src/'.length)
}
