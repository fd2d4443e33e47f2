/** OWASP's least for Argon2id (Password Storage Cheat Sheet): 19 MiB, two passes. */
export const ARGON2 = { memoryKib: 19_456, passes: 2, lanes: 1 };
