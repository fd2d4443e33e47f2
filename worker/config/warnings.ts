/** What administrators should know of a deployment: closed words, which the console has sentences for. Pure. */
import { dirname, normalize } from "node:path";
import type { Config } from "./load.ts";

export function deploymentWarnings({ secretsFile, dataDir, content }: Config): string[] {
  const warnings: string[] = [];
  // Whoever copies the data has the keys to it.
  if (secretsFile !== null && dirname(secretsFile.path) === normalize(dataDir)) {
    warnings.push("secrets_beside_data");
  }
  if (content.allowPlaintext) warnings.push("plaintext_allowed");
  return warnings;
}
