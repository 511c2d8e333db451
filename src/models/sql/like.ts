/** Takes the meaning away from LIKE's own characters. */
export function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&')
}
