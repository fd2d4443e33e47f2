/** What every answer of the console carries: nothing is loaded from elsewhere, nothing inline runs, nothing is kept. */

const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join("; ");

export const SECURITY_HEADERS: readonly (readonly [string, string])[] = [
  ["content-security-policy", CONTENT_SECURITY_POLICY],
  ["x-content-type-options", "nosniff"],
  // With `no-referrer` browsers would also hide the origin of our own forms, which is what tells them from others.
  ["referrer-policy", "same-origin"],
  ["cross-origin-opener-policy", "same-origin"],
  ["cross-origin-resource-policy", "same-origin"],
  ["permissions-policy", "camera=(), geolocation=(), microphone=()"],
];

/** A page, and what a page is part of. One address has two forms: a whole document, and what changes of it. */
export const PAGE_HEADERS: readonly (readonly [string, string])[] = [
  ...SECURITY_HEADERS,
  ["content-type", "text/html; charset=utf-8"],
  ["cache-control", "no-store"],
  ["vary", "HX-Request-Type, Cookie"],
];
