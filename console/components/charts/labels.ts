/** Words below the axes: what a step of the API (`2026-11-23`, `2026-11-23T14`, both UTC) is called. */
import { formatDay, formatTime } from "../time.tsx";

/** Hours are said in the reader's zone; a day of the ledger is a day in UTC wherever one is. */
export function stepLabel(step: string, zone: string): string {
  return step.length > 10 ? formatTime(`${step}:00:00Z`, zone, "hour") : formatDay(step);
}
