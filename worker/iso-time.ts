/** RFC 3339 in UTC with ms, as the admin API and the audit log write times; null stays null. @param ms since 1970 */
export function isoTime(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
