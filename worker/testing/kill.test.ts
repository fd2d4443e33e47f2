/**
 * The ledger's promise under `kill -9`: whatever the provider saw has exactly one row, and every answer that a client saw
 * whole has its row as `ok`. Real processes, real sockets, the same data directory round after round.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { request } from "node:http";
import process from "node:process";
import type { LedgerRecord } from "../routes/admin/spend-json.ts";
import { onEachDatabase } from "./databases.ts";
import { startGateway, temporaryDirectory, type GatewayProcess } from "./gateway-process.ts";
import { startMockProvider, type MockProvider } from "./mock-provider.ts";

const ROUNDS = Number(
  process.env["ANYRAY_TEST_KILL_ROUNDS"] ?? (process.env["CI"] === "true" ? 20 : 5),
);
const PARALLEL = 200;
/** Answers are spread over this; the kill falls somewhere within, and a little after. */
const SPREAD_MS = 300;
/** Requests begin over this, so that some kills fall among them. */
const ARRIVAL_MS = 150;
const EARLIEST_KILL_MS = 50;
const ROUND_LIMIT_MS = 15_000;

/** What one client had of its answer when the connection ended. */
interface Answer {
  readonly id: string;
  readonly traceId: string | null;
  readonly hasTerminal: boolean;
  /** The HTTP body ended cleanly. */
  readonly hasEnded: boolean;
}

async function ask(
  gateway: GatewayProcess,
  id: string,
  index: number,
  afterMs: number,
): Promise<Answer> {
  await sleep(afterMs);
  const stream = index % 2 === 0;
  return new Promise((resolve) => {
    let traceId: string | null = null;
    let text = "";
    let isDone = false;
    const done = (hasEnded: boolean) => {
      if (isDone) return;
      isDone = true;
      const hasTerminal = stream ? text.includes("data: [DONE]\n\n") : hasEnded && text !== "";
      resolve({ id, traceId, hasTerminal, hasEnded });
    };
    const sent = request(`${gateway.url}/v1/chat/completions`, {
      method: "POST",
      agent: false,
      headers: {
        authorization: `Bearer ${gateway.clientKey}`,
        "content-type": "application/json",
        "x-anyray-metadata": JSON.stringify({ session: id }),
        "x-test-id": id,
        "x-test-ms": String(Math.floor(Math.random() * SPREAD_MS)),
        "x-test-linger-ms": index % 4 === 0 ? "60" : "0",
      },
    });
    sent.on("error", () => done(false));
    sent.on("response", (response) => {
      traceId = String(response.headers["x-anyray-trace-id"]);
      response.on("data", (chunk: Uint8Array) => {
        text += String(chunk);
      });
      response.on("end", () => done(response.complete));
      response.on("error", () => done(false));
      response.on("close", () => done(false));
    });
    sent.end(
      JSON.stringify({
        model: "mock/timed",
        stream,
        messages: [{ role: "user", content: "Hello" }],
      }),
    );
  });
}

/** Every rule that the round's rows break, in words; empty: the promise held. */
function brokenRules(
  seen: readonly string[],
  answers: readonly Answer[],
  rows: readonly LedgerRecord[],
): readonly string[] {
  const broken: string[] = [];
  const rowsBySession = Map.groupBy(rows, (row) => row.session);
  for (const id of seen) {
    const count = rowsBySession.get(id)?.length ?? 0;
    if (count !== 1) broken.push(`${id} was seen by the provider and has ${count} rows`);
  }
  if (new Set(seen).size !== seen.length) broken.push("a request was sent twice");

  const seenIds = new Set(seen);
  const whole = new Map<string, Answer>();
  for (const answer of answers) if (answer.hasTerminal) whole.set(answer.id, answer);
  const attempts = new Set<string>();
  for (const row of rows) {
    const attempt = `${row.trace_id}/${row.attempt}`;
    if (attempts.has(attempt)) broken.push(`${attempt} has two rows`);
    attempts.add(attempt);
    const isCrashed =
      row.outcome === "crashed" && row.usage_source === "estimated" && row.status === null;
    const isOk = row.outcome === "ok" && row.usage_source === "provider" && row.status === 200;
    if (!isCrashed && !isOk) {
      broken.push(`${row.session}: ${row.outcome}, ${row.usage_source}, ${row.status}`);
    }
    // In the journal, but the kill came before its bytes left.
    const wasSeen = row.session !== null && seenIds.has(row.session);
    if (!wasSeen && !isCrashed) broken.push(`${row.session} is ${row.outcome} but was never seen`);
  }
  for (const { id, traceId } of whole.values()) {
    const row = rows.find((candidate) => candidate.trace_id === traceId);
    if (row?.session !== id || row.outcome !== "ok") {
      broken.push(`${id} was answered in whole and is ${row?.outcome ?? "without a row"}`);
    }
  }
  return broken;
}

onEachDatabase((fresh) => {
  describe("the ledger under kill -9", () => {
    const directory = temporaryDirectory();
    let provider: MockProvider;
    let gateway: GatewayProcess;
    let env: Record<string, string> = {};
    const start = () =>
      startGateway({ dataDir: directory.path, providers: provider.providers, env });

    beforeAll(async () => {
      env = await fresh();
      provider = await startMockProvider();
      gateway = await start();
      await capOf(gateway, {
        scope: "org",
        unit: "tokens",
        amount: 1_000_000_000,
        window: "month",
      });
    }, 30_000);
    afterAll(async () => {
      await gateway.kill();
      await provider.close();
      directory.remove();
    });

    test(
      `has one row for all that the provider saw, ${ROUNDS} times over ${PARALLEL} requests`,
      async () => {
        const counts = { seen: 0, rows: 0, ok: 0, crashed: 0, unseen: 0, whole: 0, unclosed: 0 };
        for (let round = 0; round < ROUNDS; round += 1) {
          const seenBefore = provider.seen.length;
          const from = new Date(Date.now() - 1000).toISOString();
          const asked = Array.from({ length: PARALLEL }, (_, index) =>
            ask(gateway, `r${round}-${index}`, index, Math.random() * ARRIVAL_MS),
          );
          // Each round has its own part of the time, so that early and late kills are among few rounds too.
          await sleep(EARLIEST_KILL_MS + ((round + Math.random()) / ROUNDS) * (SPREAD_MS + 100));
          await gateway.kill();
          const answers = await Promise.all(asked);
          gateway = await start();
          // What the killed process had handed to its sockets may still arrive.
          while (provider.openCount > 0) await sleep(5);

          const seen = provider.seen.slice(seenBefore).map((entry) => entry.testId);
          const rows = (await gateway.records({ from })).filter((row) =>
            row.session?.startsWith(`r${round}-`),
          );
          expect(brokenRules(seen, answers, rows)).toEqual([]);

          counts.seen += seen.length;
          counts.rows += rows.length;
          counts.ok += rows.filter((row) => row.outcome === "ok").length;
          counts.crashed += rows.filter((row) => row.outcome === "crashed").length;
          counts.unseen += rows.length - seen.length;
          counts.whole += answers.filter((answer) => answer.hasTerminal).length;
          counts.unclosed += answers.filter((a) => a.hasTerminal && !a.hasEnded).length;
        }
        const all = await gateway.records();
        expect(all.length).toBe(counts.rows);
        // The cap has counted every row once, those of the killed processes, too; and nothing is reserved by the dead.
        const tokens = all.reduce((sum, row) => sum + row.input_tokens + row.output_tokens, 0);
        expect(await capOf(gateway)).toMatchObject([{ used: String(tokens), reserved: "0" }]);
        expect(new Set(all.map((row) => `${row.trace_id}/${row.attempt}`)).size).toBe(all.length);
        if (process.env["ANYRAY_TEST_VERBOSE"] === "1") console.log(JSON.stringify(counts));
        // Else the kills fell where they prove nothing.
        expect(counts.whole).toBeGreaterThan(0);
        expect(counts.crashed).toBeGreaterThan(0);
        expect(counts.unclosed).toBeGreaterThan(0);
      },
      ROUNDS * ROUND_LIMIT_MS,
    );

    test("loses nothing when the kill falls between the terminal unit and the close", async () => {
      const session = "between";
      const answered = await new Promise<string>((resolve, reject) => {
        const sent = request(`${gateway.url}/v1/chat/completions`, {
          method: "POST",
          agent: false,
          headers: {
            authorization: `Bearer ${gateway.clientKey}`,
            "x-anyray-metadata": JSON.stringify({ session }),
            "x-test-linger-ms": "1000",
          },
        });
        sent.on("error", reject);
        sent.on("response", (response) => {
          let text = "";
          response.on("data", (chunk: Uint8Array) => {
            text += String(chunk);
            if (!text.includes("data: [DONE]\n\n")) return;
            void gateway.kill().then(() => resolve(String(response.headers["x-anyray-trace-id"])));
          });
          response.on("error", () => undefined);
          response.on("end", () => reject(new Error("the answer ended before the kill")));
        });
        sent.end(JSON.stringify({ model: "mock/timed", stream: true, messages: [] }));
      });
      gateway = await start();
      const rows = await gateway.records({ session });
      expect(rows.map((row) => [row.trace_id, row.outcome, row.output_tokens])).toEqual([
        [answered, "ok", 17],
      ]);
    }, 30_000);
  });
});

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** The usage of the only cap, which is made if a body is given. */
async function capOf(gateway: GatewayProcess, body?: object): Promise<unknown> {
  const response = await fetch(`${gateway.url}/admin/caps`, {
    method: body === undefined ? "GET" : "POST",
    headers: {
      authorization: `Bearer ${gateway.adminToken}`,
      "content-type": "application/json",
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer = await response.json();
  return body === undefined ? answer.caps[0].usage : answer.usage;
}
