/** The client key that a gateway makes, or is given, so that there is one to begin with. */
import { randomBytes } from "node:crypto";
import { StoreUnavailable, type Store } from "../db/store.ts";
import { createClientKeyId, parseClientKey } from "./client-key.ts";

/** The key of `secrets.env`, or of the environment. One that was revoked stays so. */
export async function addFirstKey(store: Store, secret: string, nowMs: number): Promise<void> {
  const parsed = parseClientKey(secret);
  if (parsed === null || (await store.keys.findByHash(parsed.hash)) !== null) return;
  const create = store.keys.create({
    id: createClientKeyId(randomBytes),
    secretHash: parsed.hash,
    display: parsed.display,
    name: "first",
    user: null,
    team: null,
    metadata: null,
    passthrough: null,
    models: null,
    createdAtMs: nowMs,
    expiresAtMs: null,
    revokedAtMs: null,
    description: null,
    endpoints: null,
    previousHash: null,
    previousUntilMs: null,
  });
  // Another gateway with the same key may have come first; or nobody can be asked now, and the next start makes it.
  await create.catch(async (error: unknown) => {
    if (error instanceof StoreUnavailable) return;
    const keys = await store.keys.list();
    if (!keys.some(({ secretHash }) => secretHash === parsed.hash)) throw error;
  });
}
