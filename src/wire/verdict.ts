/** What a parser answers: the value, or in words what is wrong with the bytes. Remote input never throws. */
export type Verdict<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly why: string }

export function fine<T>(value: T): Verdict<T> {
  return { ok: true, value }
}

export function malformed(why: string): { readonly ok: false; readonly why: string } {
  return { ok: false, why }
}
