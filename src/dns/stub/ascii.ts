/** Names as people write them, in the letters that the DNS has. */

/**
 * The name with labels beyond ASCII as IDNA writes them (`bücher.example` → `xn--bcher-kva.example`, RFC 5890, UTS 46);
 * a name in ASCII, and one that no IDNA name can be, as it is.
 */
export function toAscii(name: string): string {
  if (!/[^\0-\x7f]/.test(name)) return name
  const final = name.endsWith('.') ? '.' : ''
  try {
    // The host of a URL is where the platform does it (URL Standard, "domain to ASCII").
    const { hostname } = new URL(`http://${name.slice(0, name.length - final.length)}/`)
    return hostname === '' ? name : hostname + final
  } catch {
    return name
  }
}
