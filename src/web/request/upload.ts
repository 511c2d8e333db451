/** A file that a form sent, as it lies in memory, and what kind of file it is. */

/** A file of a form. */
export interface Upload {
  /** The last part of the name that the client gave, without control characters: to be shown, not to be opened. */
  readonly name: string
  /** The type that the client claims. */
  readonly type: string
  /** The whole file. */
  readonly bytes: Uint8Array
}

const octets = (text: string) => [...new TextEncoder().encode(text)]

/** How the files of a type begin; null stands for any octet. */
const SIGNATURES = {
  'image/png': [[0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]],
  'image/jpeg': [[0xff, 0xd8, 0xff]],
  'image/gif': [octets('GIF87a'), octets('GIF89a')],
  'image/webp': [[...octets('RIFF'), null, null, null, null, ...octets('WEBP')]],
  'application/pdf': [octets('%PDF-')],
} as const satisfies Record<string, readonly (readonly (number | null)[])[]>

/** A type of file that is known by how it begins. */
export type SniffedType = keyof typeof SIGNATURES

/** How many octets of a file decide. */
export const SNIFFED_OCTETS = 12

/** The type of a file by its first octets, among those that can be told so; null for others. */
export function sniffType(bytes: Uint8Array): SniffedType | null {
  for (const [type, beginnings] of Object.entries(SIGNATURES)) {
    const fits = (beginning: readonly (number | null)[]) =>
      beginning.every((octet, i) => octet === null || bytes[i] === octet)
    if (beginnings.some(fits)) return type as SniffedType
  }
  return null
}

/**
 * Path parts and control characters taken off a name that a client gave; those too that turn the direction of writing,
 * which show `gpj.exe` as `exe.jpg` (UAX #9 §2).
 */
export function cleanFileName(name: string): string {
  const last = name.split(/[/\\]/).at(-1)!
  return last
    .replace(/[\p{Cc}\p{Bidi_Control}]/gu, '')
    .slice(0, 255)
    .toWellFormed()
}

export function isUpload(value: unknown): value is Upload {
  return typeof value === 'object' && value !== null && (value as Upload).bytes instanceof Uint8Array
}
