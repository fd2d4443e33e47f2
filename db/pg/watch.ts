/**
 * Whether the database is there, and whether anything that administrators set has changed: asked twice a second, and told by the database
 * in between. A question that fails makes everybody else's fail at once, until one succeeds.
 */
import { eq } from "drizzle-orm";
import { revision } from "../schema/pg-shared.ts";
import { StoreUnavailable, type DatabaseState } from "../store.ts";
import type { PgDatabase } from "./database.ts";
import { migrate, readSchemaState, type SchemaState } from "./migrate.ts";

const POLL_MS = 500;
const POLL_LIMIT_MS = 3_000;
const CHANNEL = "anyray_changed";
/** Migrations are looked at as rarely as this. */
const SCHEMA_MS = 30_000;
/** Another gateway may be at it. */
const MIGRATION_LIMIT_MS = 60_000;

export interface Watch {
  readonly state: DatabaseState;
  /** Somebody's question was not answered: believed at once. */
  failed(): void;
  /** Reads what has changed, and tells; resolves when all who listen have read it. Rejects if the database is away. */
  refresh(): Promise<void>;
  close(): Promise<void>;
}

export interface WatchOptions {
  readonly database: PgDatabase;
  /** What was set has changed, or may have. A rejection is tried again. */
  readonly onChange: () => Promise<void>;
  /** The database is back; also at the start. */
  readonly onBack: () => void;
}

/** Has read everything once when it resolves, unless the database is away: then it says so, and goes on asking. */
export async function startWatch(options: WatchOptions): Promise<Watch> {
  const { database, onChange, onBack } = options;
  let state: DatabaseState = "away";
  let seen = -1;
  let schemaReadAt = -Infinity;
  let reading: Promise<void> | null = null;
  let isAgain = false;
  let isClosed = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function look(): Promise<void> {
    if (state === "away") database.renew();
    await lookAtSchema();
    const version = await database.run(async (orm) => {
      const [row] = await orm
        .select({ version: revision.version })
        .from(revision)
        .where(eq(revision.one, 1));
      return row?.version ?? 0;
    }, POLL_LIMIT_MS);
    if (version === seen) return;
    await onChange();
    seen = version;
  }

  /** Rarely; and before anything else is asked of a database that was away. */
  async function lookAtSchema(): Promise<void> {
    if (performance.now() - schemaReadAt < SCHEMA_MS && state === "ok") return;
    let schema = await database.run(() => readSchemaState(database.client), POLL_LIMIT_MS);
    if (schema === "migration_pending") schema = await tryMigration();
    schemaReadAt = performance.now();
    const before = state;
    state = schema === "current" ? "ok" : schema;
    if (state === "ok" && before !== "ok") {
      listen();
      onBack();
    }
  }

  /** As at a start: the database may have been away then, or be an older one that was restored. */
  async function tryMigration(): Promise<SchemaState> {
    try {
      await database.run(() => migrate(database.client), MIGRATION_LIMIT_MS);
      return "current";
    } catch {
      return "migration_pending";
    }
  }

  /** One look at a time; who asks while one is under way gets the next. */
  function refresh(): Promise<void> {
    if (reading !== null) {
      isAgain = true;
      return reading
        .catch(() => undefined)
        .then(() => (isAgain ? refresh() : (reading ?? undefined)));
    }
    isAgain = false;
    reading = look()
      .catch((error: unknown) => {
        if (error instanceof StoreUnavailable) state = "away";
        throw error;
      })
      .finally(() => {
        reading = null;
      });
    return reading;
  }

  const next = (): void => {
    if (isClosed) return;
    timer = setTimeout(
      () =>
        void refresh()
          .catch(() => undefined)
          .finally(next),
      POLL_MS,
    );
  };

  /** Of each client anew; what was missed in between, the questions find. */
  function listen(): void {
    const told = (): void => void refresh().catch(() => undefined);
    void database.client.listen(CHANNEL, told).catch(() => undefined);
  }

  await refresh().catch((error: unknown) => {
    if (!(error instanceof StoreUnavailable)) throw error;
  });
  next();
  return {
    get state() {
      return state;
    },
    failed() {
      if (state === "ok") state = "away";
    },
    refresh,
    async close() {
      isClosed = true;
      clearTimeout(timer);
      await reading?.catch(() => undefined);
    },
  };
}
