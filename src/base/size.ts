/** Sizes as people say them. */

/**
 * `5 MB`, `1.5 MB`, `300 kB`, `12 bytes`. Limits are written as round numbers of either kind, and are said as they are
 * meant: 5 000 000 bytes and 5 · 1024² are both 5 MB.
 */
export function sizeText(bytes: number): string {
  const unit = bytes % 1000 === 0 ? 1000 : 1024
  if (bytes < unit) return bytes === 1 ? '1 byte' : `${bytes} bytes`
  if (bytes < unit * unit) return `${+(bytes / unit).toFixed(1)} kB`
  return `${+(bytes / (unit * unit)).toFixed(1)} MB`
}
