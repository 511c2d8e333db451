/** A browser has no synchronous zlib: permessage-deflate is neither offered nor granted. */
import type { Compression } from '../protocol/compression.ts'

export const deflate: Compression | null = null
