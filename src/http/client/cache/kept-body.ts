/** A body that is kept while its reader reads it. */
import { tappedBody } from '../../body/tapped.ts'
import type { MessageBody } from '../../exchange.ts'
import { HTTP_LIMITS } from '../../limits.ts'
import { ByteAccumulator } from '../../machine/accumulator.ts'

/**
 * @param most bytes that are kept; a longer body is passed on and not kept.
 * @param kept called once: with the whole body, or with null when there is nothing to keep.
 */
export function keptBody(
  of: MessageBody,
  contentType: string | undefined,
  most: number,
  kept: (body: Uint8Array | null) => void,
): MessageBody {
  const bytes = new ByteAccumulator()
  let told = false
  const tell = (body: Uint8Array | null): void => {
    if (told) return
    told = true
    if (body === null) bytes.take() // the memory is not needed any more
    kept(body)
  }
  return tappedBody(of, contentType, {
    data(piece) {
      if (told) return
      if (bytes.length + piece.length > most) tell(null)
      else bytes.append(piece)
    },
    end(failure) {
      tell(failure === null ? bytes.take() : null)
      return failure
    },
    dropped: () => tell(null),
    // The few bytes of a redirect, which nobody reads, are worth having the next time.
    wantsUnread: of.length !== null && of.length <= HTTP_LIMITS.prefetchBytes,
  })
}
