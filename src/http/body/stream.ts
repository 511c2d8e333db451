/** Bodies as the platform's streams. */
import type { MessageBody } from '../exchange.ts'

/**
 * A body as a stream, which holds the sender back while nobody reads. Cancelling it discards the body.
 * @param said what a failure is called on the way out.
 */
export function streamOf(
  body: MessageBody,
  said: (failure: Error) => unknown = (failure) => failure,
): ReadableStream<Uint8Array> {
  let full = false
  return new ReadableStream<Uint8Array>({
    start(controller) {
      body.read({
        data(bytes) {
          controller.enqueue(new Uint8Array(bytes))
          if (full || controller.desiredSize! > 0) return
          full = true
          body.pause()
        },
        end(failure) {
          if (failure === null) controller.close()
          else controller.error(said(failure))
        },
      })
    },
    pull() {
      if (!full) return
      full = false
      body.resume()
    },
    cancel() {
      body.discard()
    },
  })
}
