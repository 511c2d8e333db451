export * from './authority/answer.ts'
export * from './authority/serve.ts'
export { type Answer, DnsCache, type Query } from './cache/cache.ts'
export type { DnsEvent, DnsExchangeEvent, DnsStage, DnsStageEvent } from './events.ts'
export { HostExchange, type HostExchangeOptions } from './exchange/client.ts'
export type { Exchange, ExchangeRequest, ExchangeResult } from './exchange/exchange.ts'
export * from './front/responder.ts'
export * from './front/server.ts'
export { rootHints } from './iterate/hints.ts'
export { Resolver, type ResolverAction, type ResolverEvent } from './iterate/resolver.ts'
export { type ConfiguredZone, defaultSettings, type ResolverSettings } from './iterate/settings.ts'
export {
  type CacheLimits,
  defaultCacheLimits,
  defaultExchangeLimits,
  defaultResolverLimits,
  type ExchangeLimits,
  type ResolverLimits,
  smallCacheLimits,
} from './limits.ts'
export * from './message/decode.ts'
export * from './message/edns.ts'
export * from './message/encode.ts'
export * from './message/message.ts'
export * from './message/name.ts'
export { TextFault } from './message/rdata/lexer.ts'
export { type Rdata, SCHEMAS, type SchemaType } from './message/rdata/schema.ts'
export * from './message/rdata/text.ts'
export * from './message/record.ts'
export * from './message/types.ts'
export { type Resolved, ResolverDriver } from './resolver/driver.ts'
export { type ForwarderOptions, serveForwarder } from './resolver/forwarder.ts'
export { type ResolverOptions, type ResolvingServer, serveResolver } from './resolver/serve.ts'
export {
  type Found,
  type HostResolver,
  type HostResolverOptions,
  hostResolver,
  type NameFinder,
} from './stub/host-resolver.ts'
export { type HostsFile, parseHostsFile } from './stub/hosts-file.ts'
export { type ProgramResolverOptions, programResolver } from './stub/program-resolver.ts'
export { parseResolvConf, type ResolvConf } from './stub/resolv-conf.ts'
export * from './zone/load.ts'
export * from './zone/master.ts'
export * from './zone/zone.ts'
export * from './zone/zones.ts'
