/**
 * Reservations in step with the gateway's own rows. A row that is committed here is in Postgres some milliseconds later: until then its
 * request still holds what it may have cost. Who asks meanwhile must neither be refused for that, nor pass where a request did cost more.
 */
import type { CapCharge, CapHold, CapReservations, LedgerRow } from "../store.ts";
import type { ReservationStore } from "./reservations.ts";
import type { Shipper } from "./shipper.ts";

const FLUSH_MS = 2_000;

export interface InStep {
  readonly reservations: CapReservations;
  /** A row is about to be committed locally. */
  charging(row: LedgerRow, charges: readonly CapCharge[]): void;
}

export function createInStep(
  inner: ReservationStore,
  shipper: Pick<Shipper, "flush" | "waitingRows" | "hasArrived">,
): InStep {
  /** Of requests whose last row was not committed yet: what they still may cost. */
  const held = new Map<string, Map<string, bigint>>();
  /** Where a request did cost more than it had reserved: the row that says so. */
  const overruns = new Map<string, string>();

  function remember(traceId: string, holds: readonly CapHold[]): void {
    held.set(traceId, new Map(holds.map((hold) => [placeOf(hold), hold.amount])));
  }

  function isBehind(holds: readonly CapHold[]): boolean {
    return holds.some((hold) => {
      const rowId = overruns.get(placeOf(hold));
      if (rowId === undefined) return false;
      if (!shipper.hasArrived(rowId)) return true;
      overruns.delete(placeOf(hold));
      return false;
    });
  }

  return {
    reservations: {
      ...inner,
      async reserve(traceId, holds) {
        if (isBehind(holds)) await shipper.flush(FLUSH_MS);
        let verdicts = await inner.reserve(traceId, holds);
        const isRefused = (): boolean => verdicts.some((verdict) => verdict.isRefused);
        if (isRefused() && shipper.waitingRows > 0) {
          await shipper.flush(FLUSH_MS);
          verdicts = await inner.reserve(traceId, holds);
        }
        if (!isRefused()) remember(traceId, holds);
        return verdicts;
      },
      release(traceId) {
        held.delete(traceId);
        inner.release(traceId);
      },
      settled(traceId) {
        held.delete(traceId);
        inner.settled(traceId);
      },
    },
    charging({ id, traceId }, charges) {
      const left = held.get(traceId);
      for (const charge of charges) {
        const place = placeOf(charge);
        const rest = (left?.get(place) ?? 0n) - charge.amount;
        left?.set(place, rest);
        if (rest < 0n) overruns.set(place, id);
      }
    },
  };
}

function placeOf({ capId, subject, windowStartMs }: Omit<CapHold, "amount">): string {
  return `${capId} ${windowStartMs} ${subject}`;
}
