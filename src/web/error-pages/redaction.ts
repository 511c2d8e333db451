/** What an error page must not show, even to the developer: it ends in screenshots and bug reports. */

const SECRET_NAME = /pass|secret|token|auth|cookie|session|csrf|api-?key|credential|card|\bpin\b/i
const HIDDEN = '••••••'

/** The value of a field, a parameter or a form's control as it may be shown under its name. */
export function redact(name: string, value: string): string {
  return SECRET_NAME.test(name) && value !== '' ? HIDDEN : value
}

/** A text with every occurrence of the secrets taken out. */
export function redactText(text: string, secrets: readonly string[]): string {
  let shown = text
  for (const secret of secrets) if (secret.length >= 8) shown = shown.replaceAll(secret, HIDDEN)
  return shown
}

/** A query with the values of telling names taken out: `?token=…`. */
export function redactQuery(query: string): string {
  return query
    .split('&')
    .map((pair) => {
      const at = pair.indexOf('=')
      return at < 0 ? pair : `${pair.slice(0, at)}=${redact(pair.slice(0, at), pair.slice(at + 1))}`
    })
    .join('&')
}
