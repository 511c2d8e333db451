export * from './body/charset.ts'
export { checkedBody, formatDigest, parseDigest } from './body/digest.ts'
export { messageBody } from './body/from-stream.ts'
export * from './body/multipart.ts'
export * from './body/query.ts'
export { type CacheLimits, type CacheOptions, cache } from './client/cache/layer.ts'
export { type CacheStore, MemoryCacheStore, type MemoryStoreLimits } from './client/cache/store.ts'
export type { StoredReply } from './client/cache/stored.ts'
export {
  Client,
  type ClientOptions,
  clientOf,
  type OpenRequest,
  request,
  type Upgraded,
  type UpgradeOptions,
  UpgradeRefused,
} from './client/client.ts'
export { type DecodingOptions, decoding } from './client/decoding.ts'
export { type Fetch, fetchOn } from './client/fetch.ts'
export { type CookieContext, CookieJar, type JarLimits, type JarOptions, type StoredCookie } from './client/jar/jar.ts'
export { type CookiesOptions, cookies } from './client/jar/layer.ts'
export type { IsPublicSuffix } from './client/jar/suffix.ts'
export type { ProxyChoice, ProxyOptions } from './client/proxies/choice.ts'
export { type Environment, environmentProxies } from './client/proxies/environment.ts'
export type { RequestOptions } from './client/request.ts'
export { type BreakerOptions, breaker } from './client/resilience/breaker.ts'
export type { RetryBudgetOptions } from './client/resilience/budget.ts'
export type { CircuitState } from './client/resilience/circuit.ts'
export { type RetriesOptions, type Retry, retries } from './client/resilience/retries.ts'
export {
  type Layer,
  type Outgoing,
  type OutgoingContent,
  type Progress,
  type PushedContent,
  type RedirectMode,
  type Reply,
  ReplyDecorator,
  type Send,
} from './client/send.ts'
export type { TransportOptions } from './client/transports.ts'
export { tunnel } from './client/tunnel.ts'
export type { WayOptions } from './client/way.ts'
export { decodedBody } from './coding/body.ts'
export type { CodedSink, Coder, CoderOptions, Coding } from './coding/coding.ts'
export { type CompressOptions, compressExchange, compressed, isCompressible } from './coding/compress.ts'
export { contentCodings, DECODED_CODINGS, type DecoderOptions, decoder } from './coding/decode.ts'
export { ENCODED_CODINGS, encoder, encodeWhole } from './coding/encode.ts'
export { ExchangeDecorator } from './decorate.ts'
export * from './errors.ts'
export type * from './events.ts'
export type * from './exchange.ts'
export * from './fields/conditional.ts'
export * from './fields/cookie.ts'
export * from './fields/date.ts'
export { checkField, checkFields, fieldValue } from './fields/lines.ts'
export {
  type Item,
  parseItem,
  parseParameters,
  type Quoting,
  readQuoted,
  splitList,
  stripSpace,
} from './fields/list.ts'
export * from './fields/media-type.ts'
export * from './fields/negotiation.ts'
export * from './fields/range.ts'
export { formatStructuredDictionary, formatStructuredItem, formatStructuredList } from './fields/structured/format.ts'
export {
  parseStructuredDictionary,
  parseStructuredItem,
  parseStructuredList,
} from './fields/structured/parse.ts'
export type * from './fields/structured/values.ts'
export { type Hop, parseForwarded, parseNode } from './forwarded/hops.ts'
export { ForwardedExchange, type TrustOptions } from './forwarded/trust.ts'
export * from './limits.ts'
export { type FetchHandler, fetchHandler, replyWith, requestOf } from './platform/fetch.ts'
export { type AnswerOptions, answer, answerUpgrade, type MemoryUpgrade } from './platform/memory.ts'
export type * from './proxy/events.ts'
export {
  type ForwardProxy,
  type ForwardProxyOptions,
  type ForwardRecord,
  forwardProxy,
} from './proxy/forward/forward.ts'
export { type ReachOptions, SPECIAL_ADDRESSES } from './proxy/forward/reach.ts'
export { NoUpstream, type ProxyFailure } from './proxy/passing/failure.ts'
export type { Passed } from './proxy/passing/pass.ts'
export {
  type FieldEdits,
  type ProxyRecord,
  type ReverseProxy,
  type ReverseProxyOptions,
  reverseProxy,
} from './proxy/reverse.ts'
export type {
  BalancePolicy,
  EjectionOptions,
  HealthCheckOptions,
  UpstreamOptions,
  UpstreamsOptions,
} from './proxy/upstreams/options.ts'
export type { UpstreamState } from './proxy/upstreams/state.ts'
export type { UpstreamReport } from './proxy/upstreams/upstream.ts'
export {
  EVENT_FIELDS,
  EVENT_TYPE,
  type EventSourceFunction,
  type EventStreamOptions,
  eventPieces,
  formatEvent,
  lastEventIdOf,
  replyEvents,
  type ServerEvent,
} from './reply/server-events.ts'
export { type HttpServer, type ServeOptions, serve } from './server/serve.ts'
export type { TunnelOptions } from './server/tunnel.ts'
export * from './status.ts'
export { type AcceptOptions, acceptWebSocket, asksForWebSocket } from './websocket/accept.ts'
export { type ConnectWebSocketOptions, connectWebSocket } from './websocket/connect.ts'
export {
  type MessageHandler,
  type SendOptions,
  WebSocketConnection,
  type WebSocketMessage,
} from './websocket/connection.ts'
export type { WebSocketClosed } from './websocket/endpoint.ts'
export { type BroadcastOptions, WebSocketGroup } from './websocket/group.ts'
export type { DeflateOptions } from './websocket/handshake.ts'
export { answerWebSocket } from './websocket/memory.ts'
export type { OutgoingMessage } from './websocket/outgoing-message.ts'
export { CLOSE_CODE } from './websocket/protocol/close-code.ts'
export type { Compression, Deflater, InflateFault, Inflater } from './websocket/protocol/compression.ts'
export { type InvalidMessage, type TypedOptions, TypedWebSocket } from './websocket/typed.ts'
export {
  HostWebSocket,
  type WebSocketClass,
  type WebSocketClassOptions,
  type WebSocketData,
  webSocketClass,
} from './websocket/web-socket.ts'
