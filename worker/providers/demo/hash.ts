/** A small fixed hash (FNV-1a, 32 bits), for answers that depend on the request alone. Not for anything that must resist. */

export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  return hash >>> 0;
}
