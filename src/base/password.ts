/** Password hashes, by what the platform has: Node's argon2 or scrypt; in a browser nothing is hashed. */
export * from '#password'
