/** The thread that answers `searches.ts`: its own connection, reading only. What went wrong stays here. */
import { parentPort, workerData } from "node:worker_threads";
import { openForReading, type Orm } from "./database.ts";
import { readRest } from "./records.ts";
import type { Answer, Question } from "./searches.ts";
import { readSpend } from "./spend.ts";

const { client, orm } = openForReading(String(workerData));

parentPort?.on("message", (question: Question) => {
  let reply: Answer = { id: question.id, kind: "failed" };
  try {
    // One transaction: the totals and the groups are of the same rows.
    client
      .transaction(() => {
        reply = answer(orm, question);
      })
      .deferred();
  } catch {
    // The reply says so.
  }
  parentPort?.postMessage(reply);
});

function answer(on: Orm, question: Question): Answer {
  const { id } = question;
  return question.kind === "rest"
    ? { id, kind: "rest", rows: readRest(on, question.query) }
    : { id, kind: "spend", report: readSpend(on, question.query) };
}
