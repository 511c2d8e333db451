/**
 * Limits of the framework, with the reason beside each. Those of bodies, forms and queries are `limits` of `app()`;
 * others are arguments of what they bound (`file({ max })`, `new MemorySessions({ limit })`); the rest are fixed.
 */

/** A JSON or text body that a handler asks for whole, in bytes. Uploads are not bound by it. */
export const BODY_LIMIT = 1024 * 1024
/** The text of a form: all its fields together, in bytes. Forms are typed by people; 1 MiB is a long essay. */
export const FORM_LIMIT = 1024 * 1024
/** How many fields a form may send, files included: Django's figure; more is an attack on whoever loops over them. */
export const FORM_FIELDS_LIMIT = 1000
/** One uploaded file, in bytes, unless its field says otherwise. */
export const FILE_LIMIT = 10 * 1024 * 1024
/** All files of one form together, in bytes. */
export const FILES_LIMIT = 32 * 1024 * 1024
/** Query parameters that are looked at: a head of 16 KiB could hold eight thousand. */
export const QUERY_LIMIT = 1000
/** Browsers drop a cookie whose name, value and attributes pass 4096 bytes (RFC 6265 §6.1 asks for at least that). */
export const COOKIE_LIMIT = 4096
/** Flash messages that wait for the next page: more were never read by anybody. */
export const FLASH_LIMIT = 20
/** Bytes of JSON of all of them together: they share a cookie with the rest of the session, and may quote visitors. */
export const FLASH_BYTES = 1500
/** Characters of one; the rest is cut off. */
export const FLASH_LENGTH = 200
/** Sessions that the memory store keeps: past it the one unused for longest goes. */
export const SESSIONS_LIMIT = 100_000
/** Files up to this size, in bytes, are read whole and sent at once; larger ones go in pieces of this size. */
export const FILE_PIECE = 64 * 1024
/** Events kept of one request for the error page while developing. */
export const RECORD_LIMIT = 500
/** Characters of secret below which a guess is thinkable: 32 characters of base64 are 192 bits. */
export const SECRET_MINIMUM = 32
