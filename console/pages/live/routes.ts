/** `/live`: requests as they happen; `/live/stream`: the gateway's rows on their way to that page. */
import { ask } from "../../api.ts";
import type { Page, Route, Visit } from "../../visit.ts";
import { sendStream } from "./stream.tsx";
import { liveView } from "./view.tsx";

export const livePages: readonly Route[] = [
  { path: "/live", area: "traces", show },
  { path: "/live/stream", area: "traces", show: sendStream },
];

const NEWEST = "50";

async function show(visit: Visit): Promise<Page> {
  const { traces } = await ask(visit.api.traces.get({ query: { limit: NEWEST } }));
  return { title: "Live", body: liveView(visit, traces) };
}
