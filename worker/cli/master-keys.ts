/** `anyray keys rotate|export|release|recipient-new`: the keys behind sealed content. */
import { parseArgs } from "node:util";
import type { Subject, SubjectStore } from "../../db/store.ts";
import { encodeKeyExport } from "../encryption/key-export.ts";
import { createKeyring, type Keyring } from "../encryption/keyring.ts";
import { newRecipient } from "../encryption/recipients.ts";
import { releaseSharedKeys } from "../shared-keys.ts";
import { withAudit } from "./audit-entry.ts";
import type { ContentTools } from "./content-tools.ts";
import { rotateCredentials } from "./credentials.ts";
import { CommandError, UsageError } from "./failure.ts";

const PAGE = 500;

export async function runMasterKeys(args: readonly string[], tools: ContentTools): Promise<number> {
  const [name, ...rest] = args;
  if (name === "rotate") return rotate(rest, tools);
  if (name === "release") return release(rest, tools);
  return name === "export" ? exportKeys(rest, tools) : recipientNew(rest, tools);
}

export function openKeyring({ loadContentKeys }: ContentTools): Keyring {
  const { current, retired } = loadContentKeys();
  if (current === null) {
    throw new CommandError(
      "there is no master key: set ANYRAY_CONTENT_KEY or ANYRAY_CONTENT_KEY_FILE, or ANYRAY_DATA_DIR to where secrets.env is.",
    );
  }
  return createKeyring(current, retired);
}

async function rotate(args: readonly string[], tools: ContentTools): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { "dry-run": { type: "boolean" } } });
  const isDry = values["dry-run"] === true;
  const { terminal } = tools;
  const keyring = openKeyring(tools);
  const credentials = await rotateCredentials(tools, keyring, isDry);
  if (credentials.total > 0) {
    terminal.say(
      `${credentials.total} providers with sealed credentials; ${credentials.wrapped} ${isDry ? "to seal" : "sealed"} anew.`,
    );
  }
  if (credentials.lost > 0) {
    terminal.say(
      `${credentials.lost} of them are sealed by a master key that is not here: put it into ANYRAY_CONTENT_KEYS_RETIRED and run this again.`,
    );
  }
  if (credentials.failed > 0) {
    terminal.say(
      `${credentials.failed} of them are damaged, or were changed meanwhile: run this again, or set their credentials again.`,
    );
  }
  const left = credentials.lost + credentials.failed;
  const subjects = await openSubjectsIfAny(tools, credentials.total > 0);
  if (subjects === null) return left === 0 ? 0 : 1;
  try {
    const kids = await subjects.kids();
    const total = [...kids.values()].reduce((sum, keys) => sum + keys, 0);
    const strangers = [...kids].filter(([kid]) => !keyring.kids.includes(kid));
    const waiting = total - (kids.get(keyring.kid) ?? 0);
    const lost = strangers.reduce((sum, [, keys]) => sum + keys, 0);
    terminal.say(
      `${total} subject keys; ${total - waiting} under the present master key ${keyring.kid}, ${waiting - lost} to wrap anew.`,
    );
    for (const [kid, keys] of strangers) {
      terminal.say(
        `${keys} are wrapped by master key ${kid}, which is not here: put it into ANYRAY_CONTENT_KEYS_RETIRED and run this again.`,
      );
    }
    if (isDry) {
      terminal.out("Nothing was changed.");
      return lost + left === 0 ? 0 : 1;
    }
    const { wrapped, damaged } = await withAudit(tools, async (append) => {
      const done = await wrapAll(subjects, keyring, tools, waiting);
      if (done.wrapped > 0) {
        await append({
          action: "keys.rotate",
          target: keyring.kid,
          before: null,
          after: { wrapped: done.wrapped },
        });
      }
      return done;
    });
    if (damaged > 0) {
      terminal.say(`${damaged} are damaged and stay as they are: their content can't be read.`);
    }
    const isWhole = lost + damaged + left === 0;
    terminal.out(
      isWhole
        ? `${wrapped} wrapped anew. ${whatIsLeft(keyring)}`
        : `${wrapped} wrapped anew, ${lost + damaged} not.`,
    );
    return isWhole ? 0 : 1;
  } finally {
    subjects.close();
  }
}

/**
 * What may be thrown away now. A command that knows one key alone can't say: run with the former key, where only the gateway's
 * environment has the new one, it would have the operator throw away what everything is still wrapped by.
 */
function whatIsLeft({ kid, kids }: Keyring): string {
  return kids.length > 1
    ? "The former master keys are needed no more, except for backups of subjects.sqlite."
    : `${kid} is the only master key here. If the gateway has another, run this with the gateway's ANYRAY_CONTENT_KEY and ANYRAY_CONTENT_KEYS_RETIRED.`;
}

/** Null where no content was ever sealed, but something else was. */
async function openSubjectsIfAny(
  tools: ContentTools,
  isOtherwiseThere: boolean,
): Promise<SubjectStore | null> {
  try {
    return await tools.openSubjects();
  } catch (error) {
    if (isOtherwiseThere && error instanceof CommandError) return null;
    throw error;
  }
}

/** One transaction a page: what was done stays done if this is broken off. */
async function wrapAll(
  subjects: SubjectStore,
  keyring: Keyring,
  tools: ContentTools,
  waiting: number,
): Promise<{ wrapped: number; damaged: number }> {
  let wrapped = 0;
  let damaged = 0;
  for (let after: string | null = null; ;) {
    const page: readonly Subject[] = await subjects.list(after, PAGE);
    const last = page.at(-1);
    if (last === undefined) return { wrapped, damaged };
    after = last.handle;
    const changes = [];
    for (const from of page) {
      if (from.kid === keyring.kid || !keyring.kids.includes(from.kid)) continue;
      try {
        const key = keyring.unwrap(from.handle, { kid: from.kid, bytes: from.wrapped });
        const to = keyring.wrap(from.handle, key, tools.random);
        key.fill(0);
        changes.push({ from, to: { handle: from.handle, kid: to.kid, wrapped: to.bytes } });
      } catch {
        damaged += 1;
      }
    }
    if (changes.length === 0) continue;
    wrapped += await subjects.rewrap(changes);
    tools.terminal.say(`${wrapped} of ${waiting}`);
  }
}

async function exportKeys(args: readonly string[], tools: ContentTools): Promise<number> {
  const path = outFile(args);
  const subjects = await tools.openSubjects();
  try {
    const all: Subject[] = [];
    for (let after: string | null = null; ;) {
      const page: readonly Subject[] = await subjects.list(after, PAGE);
      const last = page.at(-1);
      if (last === undefined) break;
      all.push(...page);
      after = last.handle;
    }
    const erased = await subjects.erased();
    await withAudit(tools, async (append) => {
      await tools.writePrivate(
        path,
        encodeKeyExport({ madeAtMs: tools.now(), subjects: all, erased }),
      );
      await append({
        action: "keys.export",
        target: "subjects",
        before: null,
        after: { subjects: all.length },
      });
    });
    tools.terminal.out(
      `${all.length} wrapped subject keys written. Whoever has the master key, too, can read what they seal.`,
    );
    return 0;
  } finally {
    subjects.close();
  }
}

async function release(args: readonly string[], tools: ContentTools): Promise<number> {
  parseArgs({ args: [...args], options: {} });
  const store = await tools.openStore();
  try {
    if (!(await releaseSharedKeys(store, tools.now()))) {
      throw new CommandError("no gateway has said yet which keys are shared: start one.");
    }
  } finally {
    await store.close();
  }
  tools.terminal.out(
    "The next gateway that starts says which ANYRAY_CONTENT_KEY and ANYRAY_AUDIT_KEY all have that share the database.",
  );
  return 0;
}

async function recipientNew(args: readonly string[], tools: ContentTools): Promise<number> {
  const path = outFile(args);
  const { publicText, privateText } = await newRecipient();
  await tools.writePrivate(path, `${privateText}\n`);
  tools.terminal.say(
    "The private key is in the file. Take it off this machine: what is sealed for it can't be read without it.",
  );
  tools.terminal.out(publicText);
  return 0;
}

function outFile(args: readonly string[]): string {
  const { values } = parseArgs({ args: [...args], options: { out: { type: "string" } } });
  if (values.out === undefined || values.out === "") {
    throw new UsageError("--out names the file to write.");
  }
  return values.out;
}
