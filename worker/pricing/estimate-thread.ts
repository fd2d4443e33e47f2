/** The thread behind `estimator.ts`. Text comes in, a count goes out, nothing is kept. */
import { parentPort } from "node:worker_threads";
import { giveWay } from "../../db/background.ts";
import { estimateTokens } from "./estimate.ts";
import type { EstimateAnswer, EstimateQuestion } from "./estimator.ts";

giveWay();
parentPort?.on("message", (question: EstimateQuestion) => {
  void estimateTokens(question.text).then((tokens) => {
    const answer: EstimateAnswer = { id: question.id, tokens };
    parentPort?.postMessage(answer);
  });
});
