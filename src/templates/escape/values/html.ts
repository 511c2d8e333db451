/** Text in HTML: between tags, in attributes, in comments. One function for each place. */

const ENTITIES: { readonly [char: string]: string } = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  "'": '&#39;',
  '\0': '\ufffd',
  '`': '&#96;',
  '=': '&#61;',
  ' ': '&#32;',
  '\t': '&#9;',
  '\n': '&#10;',
  '\f': '&#12;',
  '\r': '&#13;',
  '-': '&#45;',
}
const SPECIAL = /[&<>"'\0]/
const entity = (char: string): string => ENTITIES[char]!

/** Text between tags: `& < > " '`. It is safe in a quoted attribute, too. */
export function escapeHtml(text: string): string {
  return SPECIAL.test(text) ? text.replace(/[&<>"'\0]/g, entity) : text
}

/** Text in a quoted attribute, where HTML would make a lone carriage return a line feed. */
export function escapeAttribute(text: string): string {
  return /[&<>"'\0\r]/.test(text) ? text.replace(/[&<>"'\0\r]/g, entity) : text
}

/** HTML where only text can be (an attribute, a title): what it says stays, its quotes and brackets are escaped. */
export function escapeMarkup(html: string): string {
  return html.replace(/[<>"'\0]/g, entity)
}

/** A value inside an unquoted attribute that has begun. */
export function escapeUnquoted(text: string): string {
  return text.replace(/[&<>"'`=\0 \t\n\f\r]/g, entity)
}

/** HTML inside an unquoted attribute. */
export function escapeMarkupUnquoted(html: string): string {
  return html.replace(/[<>"'`=\0 \t\n\f\r]/g, entity)
}

/** Text in an HTML comment: neither a bracket nor a hyphen can end it. */
export function escapeComment(text: string): string {
  return text.replace(/[&<>"'\0-]/g, entity)
}

/** What follows a `&` that the template wrote: its first character must not become part of a character reference. */
export function escapeBehindReference(escaped: string): string {
  return /^[#;=0-9A-Za-z]/.test(escaped) ? `&#${escaped.charCodeAt(0)};${escaped.slice(1)}` : escaped
}
