/** The web framework: what an application imports. */
export {
  hashPassword,
  isPasswordHash,
  needsRehash,
  type PasswordAlgorithm,
  verifyPassword,
} from '../base/password.ts'
export * from '../models/index.ts'
export * from '../templates/index.ts'
export { login, logout, type Signable } from './auth/sign-in.ts'
export { abort, forbidden, HttpError, type HttpErrorOptions, notFound } from './errors/http-error.ts'
export type { Failure, FailureLog } from './errors/log.ts'
export type * from './events.ts'
export type { Choice, FormField } from './forms/field.ts'
export {
  BoundForm,
  type DataOf,
  FormDefinition,
  type FormFields,
  type FormResult,
  form,
} from './forms/form.ts'
export { FormInput } from './forms/input.ts'
export type { FormControl } from './forms/render.ts'
export { FileField, type FileOptions, type FileType, file, sniffType, type Upload } from './forms/upload.ts'
export type { Converter } from './routing/converter.ts'
export type { Query as QueryValues } from './routing/path.ts'
export { type ParamsOf, RouteError } from './routing/pattern.ts'
export { type Route, type RoutePatterns, type Routes, urls } from './routing/route.ts'
export type { ContentSecurityPolicy, SecurityHeaderOptions } from './security/headers.ts'
export { SecretError, Signer } from './security/signing.ts'
export { CookieSessions } from './sessions/cookie.ts'
export { MemorySessions } from './sessions/memory.ts'
export { type Flash, Session, type SessionRecord } from './sessions/session.ts'
export { type Loaded as LoadedSession, type SessionStore, SessionTooLarge } from './sessions/store.ts'
export { type AppOptions, app } from './site/app.ts'
export type { RouteEntry } from './site/compile.ts'
export type { ContextBody } from './site/context/body.ts'
export type { Context, ReplyInit } from './site/context/context.ts'
export type { CookieJar, CookieOptions } from './site/context/cookies.ts'
export { type Current, currentExchange } from './site/current.ts'
export type {
  After,
  AnyRoute,
  Before,
  ErrorView,
  Group,
  MountTarget,
  Part,
  Teardown,
  Told,
  View,
  ViewOptions,
} from './site/group.ts'
export type { SiteOptions, TemplateEngine, UserLoader, WebLimits } from './site/options.ts'
export { type Answer, type Pieces, Reply } from './site/reply/reply.ts'
export { Site } from './site/site.ts'
export { type FilesOptions, files } from './static/files.ts'
export { saveUpload, uploads } from './static/uploads.ts'
export { type FormValues, TestClient, type TestOptions, TestResponse, testClient } from './testing/client.ts'
