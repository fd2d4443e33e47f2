/** What is said to the thread that hashes passwords, and by it. Types only. */
export type ToHasher =
  | { readonly kind: "hash"; readonly password: string }
  | { readonly kind: "verify"; readonly password: string; readonly hash: string };

export type FromHasher =
  | { readonly kind: "hashed"; readonly hash: string }
  | { readonly kind: "verified"; readonly isSame: boolean };
