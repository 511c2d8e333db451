/** The web framework: what an application imports. */

export { DirectoryLoader } from '#templates'
export {
  hashPassword,
  isPasswordHash,
  needsRehash,
  type PasswordAlgorithm,
  verifyPassword,
} from '../base/password.ts'
export { type Problem, problem } from '../base/problem.ts'
export type { StandardSchema } from '../base/standard-schema.ts'
export {
  TypedWebSocket,
  type WebSocketClosed,
  WebSocketConnection,
  WebSocketGroup,
  type WebSocketMessage,
} from '../http/index.ts'
export * from '../models/index.ts'
export * from '../templates/index.ts'
export { type BearerOptions, bearer } from './auth/bearer.ts'
export { login, logout, type Signable, session } from './auth/sign-in.ts'
export {
  abort,
  forbidden,
  HttpError,
  type HttpErrorOptions,
  InvalidBody,
  notFound,
  RedirectError,
  RouteError,
  SecretError,
  SessionTooLarge,
  UnknownHostError,
  UsageError,
} from './errors.ts'
export type * from './events.ts'
export { type ChoiceOfOptions, choiceOf } from './forms/choice-of.ts'
export { type Choice, type FormField, field, type SchemaFieldOptions } from './forms/field.ts'
export {
  BoundForm,
  type DataOf,
  type FormCheck,
  FormDefinition,
  type FormFields,
  type FormResult,
  form,
  type OpenForm,
  type Problems,
  type ValidForm,
} from './forms/form.ts'
export type { FormControl } from './forms/render.ts'
export { UploadField, type UploadOptions, type UploadType, upload } from './forms/upload-field.ts'
export { currentExchange, withLocale } from './ground/current.ts'
export { type Key, key } from './ground/key.ts'
export type { Failure, FailureLog } from './ground/log.ts'
export type {
  Group,
  Mountable,
  MountOptions,
  MountTarget,
  Part,
  RouteOptions,
  SocketHandler,
  SocketRouteOptions,
} from './groups/group.ts'
export type { Check, Command, Finding } from './groups/operation.ts'
export { WEB_LIMITS, type WebLimits } from './limits.ts'
export { type CorsOptions, cors } from './policies/cors.ts'
export {
  type Counted,
  MemoryRates,
  type Quota,
  type RateLimitOptions,
  type RateStore,
  rateLimit,
} from './policies/rate-limit.ts'
export type { ContextBody } from './request/body.ts'
export type { Context, FormReader, ReplyInit } from './request/context.ts'
export type { CookieJar, CookieOptions } from './request/cookies.ts'
export { FormInput } from './request/form-input.ts'
export type {
  After,
  Around,
  Authenticator,
  Before,
  ErrorDetails,
  ErrorView,
  Guard,
  Realm,
  Teardown,
  UserLoader,
  View,
} from './request/hooks.ts'
export type { BodyPart } from './request/parts.ts'
export { type Answer, type Pieces, Reply } from './request/reply.ts'
export type { SocketOptions } from './request/socket.ts'
export { type SniffedType, sniffType, type Upload } from './request/upload.ts'
export type { AnyRoute } from './routing/address.ts'
export type { Converter } from './routing/converter.ts'
export type { Query as QueryValues } from './routing/path.ts'
export type { ParamsOf } from './routing/pattern.ts'
export { type Route, type RoutePatterns, type Routes, urls } from './routing/route.ts'
export type { CompressSettings } from './security/compression.ts'
export type { ContentSecurityPolicy, SecurityHeaderOptions } from './security/headers.ts'
export { Signer } from './security/signing.ts'
export { MemorySessions } from './sessions/memory-sessions.ts'
export { type Flash, Session, type SessionRecord } from './sessions/session.ts'
export { CookieSessions } from './sessions/signed-sessions.ts'
export type { Loaded as LoadedSession, SessionStore } from './sessions/store.ts'
export { type AppOptions, app } from './site/app.ts'
export type { RouteEntry } from './site/compile.ts'
export type { SiteOptions, TemplateEngine } from './site/options.ts'
export type { SiteSigner } from './site/signer.ts'
export { currentSite, type FetchOptions, Site } from './site/site.ts'
export {
  attachment,
  type SendBytesOptions,
  type SendFileOptions,
  sendBytes,
  sendFile,
} from './static/send-file.ts'
export { type StaticFilesOptions, staticFiles } from './static/static-files.ts'
export {
  removeUpload,
  type SaveOptions,
  type SweepOptions,
  saveUpload,
  sweepUploads,
  uploadedFiles,
} from './static/uploads.ts'
export {
  type FormValues,
  SocketRefused,
  TestClient,
  type TestOptions,
  TestResponse,
  testClient,
} from './testing/client.ts'
