/** Templates: HTML files in which values are escaped by where they stand. */

export type { Filter } from './compile/run.ts'
export { TemplateError, TemplateNotFound } from './error.ts'
export { escapeHtml } from './escape/escape.ts'
export type { TemplatesRenderedEvent } from './events.ts'
export { html } from './html-tag.ts'
export { TEMPLATE_LIMITS, type TemplateLimits } from './limits.ts'
export { DirectoryLoader, type Loaded, type Loader, ObjectLoader } from './loader.ts'
export { type RendersHtml, renderHtml, SafeHtml, safe } from './safe.ts'
export { type RenderOptions, Templates, type TemplatesOptions } from './templates.ts'
