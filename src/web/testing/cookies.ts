/** The cookies of a test's browser: RFC 6265 §5.3 and §5.4 for one site, without domains. */

interface Kept {
  readonly value: string
  readonly path: string
  /** Milliseconds since 1970; null until the browser ends. */
  readonly expires: number | null
  readonly secure: boolean
  /** The attributes as they came, for assertions. */
  readonly line: string
}

export class TestCookies {
  readonly #kept = new Map<string, Kept>()

  /** Takes one Set-Cookie field. */
  take(line: string, nowMillis: number): void {
    const [pair = '', ...attributes] = line.split(';').map((part) => part.trim())
    const at = pair.indexOf('=')
    if (at < 1) return
    const name = pair.slice(0, at)
    const attribute = (wanted: string) => {
      const found = attributes.find((text) => text.toLowerCase().split('=')[0] === wanted)
      return found === undefined ? null : found.slice(found.indexOf('=') + 1)
    }
    const maxAge = attribute('max-age')
    const until = attribute('expires')
    const expires = maxAge !== null ? nowMillis + Number(maxAge) * 1000 : until !== null ? Date.parse(until) : null
    const path = attribute('path') ?? '/'
    if (expires !== null && expires <= nowMillis) this.#kept.delete(name)
    else this.#kept.set(name, { value: pair.slice(at + 1), path, expires, secure: attribute('secure') !== null, line })
  }

  /** The Cookie field for a request; null when there is nothing to send. */
  field(path: string, secure: boolean, nowMillis: number): string | null {
    const sent: string[] = []
    for (const [name, { value, path: under, expires, secure: only }] of this.#kept) {
      if (expires !== null && expires <= nowMillis) this.#kept.delete(name)
      else if ((secure || !only) && covers(under, path)) sent.push(`${name}=${value}`)
    }
    return sent.length === 0 ? null : sent.join('; ')
  }

  get(name: string): string | undefined {
    return this.#kept.get(name)?.value
  }
  /** The whole Set-Cookie field it came with. */
  line(name: string): string | undefined {
    return this.#kept.get(name)?.line
  }
  set(name: string, value: string): void {
    this.#kept.set(name, { value, path: '/', expires: null, secure: false, line: '' })
  }
  delete(name: string): void {
    this.#kept.delete(name)
  }
  clear(): void {
    this.#kept.clear()
  }
}

/** RFC 6265 §5.1.4. */
function covers(under: string, path: string): boolean {
  return path === under || (path.startsWith(under) && (under.endsWith('/') || path[under.length] === '/'))
}
