/**
 * The ledger of a gateway that shares Postgres: rows go into the local ledger, and what belongs to them beside it; questions go to Postgres,
 * after what waits has been shipped.
 */
import type { CapCharge, LedgerRow, LedgerStore } from "../store.ts";
import type { Shipper } from "./shipper.ts";
import type { Local } from "./store.ts";

interface Pending {
  readonly row: LedgerRow;
  readonly responseId: string | undefined;
  readonly charges: readonly CapCharge[];
  resolve(): void;
  reject(error: unknown): void;
}

export interface LocalFirstOptions {
  readonly local: Pick<Local, "ledger" | "rows" | "shipping">;
  readonly remote: LedgerStore;
  readonly shipper: Shipper;
  /** A row is about to be committed. */
  readonly charging: (row: LedgerRow, charges: readonly CapCharge[]) => void;
  /** How long a question waits for what is to be shipped before it. */
  readonly freshMs: number;
}

export function createLocalFirst(options: LocalFirstOptions): LedgerStore {
  const { local, remote, shipper, freshMs } = options;
  let pending: Pending[] = [];

  /**
   * What goes with rows is on disk before they are. All rows pass here in the order of their ids, since that is the order in which they
   * are shipped.
   */
  function flush(): void {
    const batch = pending;
    pending = [];
    const extras = batch.filter(
      ({ row, responseId, charges }) =>
        (responseId !== undefined || charges.length > 0) &&
        // Of an attempt whose row is there, what was held for that row counts.
        (row.outcome !== "crashed" || !local.rows.has(row)),
    );
    try {
      if (extras.length > 0) {
        local.shipping.hold(
          extras.map(({ row, responseId, charges }) => ({
            row,
            responseId: responseId ?? null,
            charges,
          })),
        );
      }
    } catch (error) {
      for (const each of batch) each.reject(error);
      return;
    }
    for (const { row, responseId, resolve, reject } of batch) {
      local.ledger.append(row, responseId).then(() => {
        shipper.appended(row.id);
        resolve();
      }, reject);
    }
  }

  async function fresh<T>(question: () => Promise<T>): Promise<T> {
    await shipper.flush(freshMs);
    return question();
  }

  return {
    append: (row, responseId, charges = []) =>
      new Promise((resolve, reject) => {
        options.charging(row, charges);
        if (pending.length === 0) setImmediate(flush);
        pending.push({ row, responseId, charges, resolve, reject });
      }),
    records: (query) => fresh(() => remote.records(query)),
    spend: (query) => fresh(() => remote.spend(query)),
    sessions: (query) => fresh(() => remote.sessions(query)),
    async newestId() {
      const id = await local.ledger.newestId();
      const { place } = local.shipping;
      return id !== null && id > place ? id : place || null;
    },
    reprice: (changes) => fresh(() => remote.reprice(changes)),
    async responseProvider(responseId, keyId) {
      const here = await local.ledger.responseProvider(responseId, keyId);
      return here ?? (await remote.responseProvider(responseId, keyId));
    },
    async issue(issued) {
      await local.ledger.issue(issued);
      // Other gateways may come to know of it later than this one, or, if it dies now, not at all.
      void remote.issue(issued).catch(() => undefined);
    },
    expire: (beforeMs, limit) => remote.expire(beforeMs, limit),
    checkWritable: () => local.ledger.checkWritable(),
  };
}
