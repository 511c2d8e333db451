/** Limits of what stands in this floor: the cost of password hashes. */

/** A password, in UTF-8 bytes: hashing is deliberately slow and must not be fed a megabyte. */
export const PASSWORD_LIMIT = 1024
/** Password hashes made at one time: each takes 19 MiB; the rest wait their turn. */
export const HASHES_AT_ONCE = 4
/** Logins that wait for their hash. Past it they are refused with 503, or a flood of logins would fill the memory. */
export const HASHES_WAITING = 256
