/** The thread that answers `searches.ts`, and keeps the sums by day and hour: its own connections; the ledger it only reads. What went wrong stays here. */
import { dirname, join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { giveWay } from "../background.ts";
import { openForReading, type Orm } from "./database.ts";
import { readRest } from "./records.ts";
import type { Answer, Question } from "./searches.ts";
import { openRollup, ROLLUP_FILE, type Rollup } from "./rollup.ts";
import { readSessions } from "./sessions.ts";
import { readSpend } from "./spend.ts";
import { readRolledUp } from "./spend-rollup.ts";

giveWay();
const path = String(workerData);
const { client, orm } = openForReading(path);
/** Before the first question. Null while it can't be opened: then the ledger answers all. */
let rollup: Rollup | null = null;
try {
  rollup = openRollup(join(dirname(path), ROLLUP_FILE), orm);
} catch {
  // A full disk, say: tried again after each question.
}
let isSumming = false;

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
  if (!isSumming) setImmediate(sumUp);
});

/** A chunk or a column at a time: questions get their answers in between. */
function sumUp(): void {
  isSumming = false;
  try {
    rollup ??= openRollup(join(dirname(path), ROLLUP_FILE), orm);
    if (!rollup.catchUp() && !rollup.who.readAhead()) return;
  } catch {
    // Tried again after the next question.
    return;
  }
  isSumming = true;
  setImmediate(sumUp);
}

function answer(on: Orm, question: Question): Answer {
  const { id } = question;
  if (question.kind === "sum-up") return { id, kind: "summing" };
  if (question.kind === "rest") return { id, kind: "rest", rows: readRest(on, question.query) };
  if (question.kind === "sessions") {
    return { id, kind: "sessions", sessions: readSessions(on, question.query) };
  }
  const { query } = question;
  const rolledUp = rollup === null ? null : readRolledUp(rollup, on, query);
  return { id, kind: "spend", report: rolledUp ?? readSpend(on, query) };
}
