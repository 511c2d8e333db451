/** Templates: HTML files in which values are escaped by where they stand. */

export type { Filter } from './compile/run.ts'
export { TemplateError, type TemplateErrorCode, TemplateNotFound, TemplateUsageError } from './errors.ts'
export { escapeHtml } from './escape/values/html.ts'
export type { Replacement, TemplatesRenderedEvent, TemplatesReplacedEvent } from './events.ts'
export { html } from './html-tag.ts'
export { TEMPLATE_LIMITS, type TemplateLimits } from './limits.ts'
export { type Loaded, type Loader, ObjectLoader } from './loader.ts'
export {
  type RendersHtml,
  renderHtml,
  SafeCss,
  SafeHtml,
  SafeScript,
  SafeSrcset,
  SafeUrl,
  safe,
  safeCss,
  safeScript,
  safeSrcset,
  safeUrl,
} from './safe.ts'
export { type RenderOptions, Templates, type TemplatesOptions } from './templates.ts'
