/** The Privacy page: the mode and why, its change, how long things are kept, and keys by their fingerprints. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { startConsole, type TestConsole } from "../../testing/console.ts";
import { testPage, textOf } from "../../testing/page-tests.ts";
import { changesOf, daysText, readWindows } from "./retention.ts";

testPage({ path: "/privacy", area: "privacy", title: "Privacy", empty: "No content is kept." });
testPage({
  path: "/privacy/mode?to=encrypted",
  area: "privacy",
  title: "Change the mode from off to encrypted?",
});

const versionIn = (html: string) => /name="version" value="(\d+)"/.exec(html)?.[1] ?? "";
const said = (headers: Headers) => decodeURIComponent(headers.get("set-cookie") ?? "");

describe("the content mode", () => {
  let at: TestConsole;
  let owner: string;
  beforeAll(async () => {
    at = await startConsole();
    owner = await at.signIn();
  });
  afterAll(() => at.stop());

  const audited = async (action: string) => {
    const response = await at.gateway.fetch(`/admin/audit?action=${action}`, {
      headers: { authorization: `Bearer ${at.gateway.adminToken}` },
    });
    return (await response.json()).entries.length;
  };

  test("is changed after a page that says what happens then, and stands in the audit log", async () => {
    const before = await audited("privacy.change");
    const { html } = await at.get("/privacy/mode?to=encrypted", owner);
    expect(textOf(html)).toContain("prompts and answers are sealed before they are written");
    const fields = { to: "encrypted", version: versionIn(html) };
    const { status, headers } = await at.post("/privacy/mode", fields, owner);
    expect([status, headers.get("location")]).toEqual([303, "/privacy"]);
    expect(said(headers)).toContain("The content mode is set to encrypted.");
    expect(textOf((await at.get("/privacy", owner)).html)).toContain(
      "Asked for: encrypted. In force: encrypted.",
    );
    expect(await audited("privacy.change")).toBe(before + 1);
  });

  test("of somebody else's change meanwhile is not overwritten, and it says so", async () => {
    const { html } = await at.get("/privacy/mode?to=off", owner);
    const version = versionIn(html);
    expect((await at.post("/privacy/mode", { to: "off", version }, owner)).status).toBe(303);
    const late = await at.post("/privacy/mode", { to: "encrypted", version }, owner);
    expect(late.status).toBe(409);
    expect(textOf(late.html)).toContain("Someone else has changed the mode meanwhile");
    // The page is of what is now: sent again, it counts.
    expect(versionIn(late.html)).not.toBe(version);
    const again = { to: "encrypted", version: versionIn(late.html) };
    expect((await at.post("/privacy/mode", again, owner)).status).toBe(303);
  });

  test("plaintext is visibly impossible without the deployment's gate, whatever is sent", async () => {
    const { html } = await at.get("/privacy", owner);
    expect(textOf(html)).toContain("Plaintext not possible here");
    expect(html).not.toContain("to=plaintext");
    const page = await at.get("/privacy/mode?to=plaintext", owner);
    expect(textOf(page.html)).toContain("No role and no page changes that");
    expect(page.html).not.toContain('action="/privacy/mode"');
    const fields = { to: "plaintext", typed: "plaintext", version: "*" };
    const sent = await at.post("/privacy/mode", fields, owner);
    expect([sent.status, sent.headers.get("location")]).toEqual([409, null]);
    expect(textOf((await at.get("/privacy", owner)).html)).not.toContain("stored readable.");
  });

  test("is only looked at by a role that may not change it", async () => {
    const auditor = await at.signIn("auditor");
    const { html } = await at.get("/privacy", auditor);
    expect(html).not.toContain("/privacy/mode");
    expect(html).not.toContain("traces_days");
    expect((await at.post("/privacy/mode", { to: "off", version: "*" }, auditor)).status).toBe(403);
    expect((await at.post("/privacy/retention", {}, auditor)).status).toBe(403);
  });

  test("that is none is not there", async () => {
    expect((await at.get("/privacy/mode?to=Plaintext", owner)).status).toBe(404);
    expect((await at.post("/privacy/mode", { to: "all" }, owner)).status).toBe(404);
  });
});

test("plaintext, where the deployment allows it, takes the word typed, and is said loudly", async () => {
  const at = await startConsole({ env: { ANYRAY_ALLOW_PLAINTEXT: "true" } });
  try {
    const owner = await at.signIn();
    const { html } = await at.get("/privacy/mode?to=plaintext", owner);
    expect(textOf(html)).toContain("stored readable");
    const fields = { to: "plaintext", version: versionIn(html) };
    const wrong = await at.post("/privacy/mode", { ...fields, typed: "yes" }, owner);
    expect([wrong.status, textOf(wrong.html).includes("Nothing was changed.")]).toEqual([
      409,
      true,
    ]);
    expect((await at.post("/privacy/mode", { ...fields, typed: "plaintext" }, owner)).status).toBe(
      303,
    );
    const page = await at.get("/privacy", owner);
    expect(page.html).toContain('class="notice bad" role="alert"');
    expect(textOf(page.html)).toContain("Content is stored readable.");
  } finally {
    await at.stop();
  }
});

test("the page says why less is in force than was asked for", async () => {
  const at = await startConsole({ env: { ANYRAY_CONTENT_MODE: "plaintext" } });
  try {
    const token = await at.signIn("auditor");
    const read = async () => textOf((await at.get("/privacy", token)).html);
    expect(await read()).toContain("Asked for: plaintext. In force: encrypted. Plaintext was");
    const { privacy } = at.gateway.gateway.deps;
    // Once the sealing thread is there it says nothing more by itself.
    await at.gateway.gateway.deps.subjects.subjects(null, 1);
    privacy.setStoreState("full");
    const text = await read();
    expect(text).toContain("Asked for: plaintext. In force: off.");
    expect(text).toContain("ANYRAY_CONTENT_MAX_BYTES");
  } finally {
    await at.stop();
  }
});

describe("how long things are kept", () => {
  let at: TestConsole;
  let owner: string;
  beforeAll(async () => {
    at = await startConsole();
    owner = await at.signIn();
  });
  afterAll(() => at.stop());
  const DAYS = { traces_days: "30", ledger_days: "0", sessions_days: "62" };
  const confirm = (days: Record<string, string>) =>
    at.get(`/privacy/retention?${new URLSearchParams(days)}`, owner);

  test("is changed after a page that says what is deleted", async () => {
    const { status, html } = await confirm(DAYS);
    expect(status).toBe(200);
    const text = textOf(html);
    expect(text).toContain("Traces and their sealed content: 30 days instead of 90 days.");
    expect(text).toContain("is deleted from now on");
    const sent = await at.post("/privacy/retention", { ...DAYS, version: versionIn(html) }, owner);
    expect([sent.status, sent.headers.get("location")]).toEqual([303, "/privacy"]);
    expect((await at.get("/privacy", owner)).html).toContain(
      'name="traces_days" type="text" value="30"',
    );
    const longer = textOf((await confirm({ ...DAYS, traces_days: "0" })).html);
    expect(longer).toContain("for ever instead of 30 days. Nothing is deleted by it.");
  });

  test("of somebody else's change meanwhile is not overwritten, and it says so", async () => {
    const version = versionIn((await confirm({ ...DAYS, traces_days: "40" })).html);
    const send = (traces: string) =>
      at.post("/privacy/retention", { ...DAYS, traces_days: traces, version }, owner);
    expect((await send("40")).status).toBe(303);
    const late = await send("50");
    expect(late.status).toBe(409);
    expect(textOf(late.html)).toContain("Someone else has changed it meanwhile");
    expect(textOf(late.html)).toContain("50 days instead of 40 days");
  });

  test("that can't be is refused beside the form, with what was typed", async () => {
    const { status, html } = await confirm({ ...DAYS, traces_days: "soon" });
    // The page is whole all the same.
    expect(textOf(html)).toContain(" aap_");
    expect([status, html.includes('value="soon"')]).toEqual([400, true]);
    const few = { ...DAYS, sessions_days: "3" };
    const version = versionIn((await confirm(few)).html);
    const sent = await at.post("/privacy/retention", { ...few, version }, owner);
    expect([sent.status, textOf(sent.html).includes("at least 35")]).toEqual([400, true]);
    expect((await confirm({ ...DAYS, traces_days: "40" })).status).toBe(303);
  });

  test("is compared with what is: 0 is for ever, and longer than any number", () => {
    const before = {
      traces_days: 0,
      ledger_days: 10,
      sessions_days: null,
      state: "ok",
      deployment: { traces_days: 0, ledger_days: 0 },
      version: 0,
      changed_at: null,
      changed_by: null,
    };
    const after = { traces_days: 5, ledger_days: 0, sessions_days: 40 };
    expect(changesOf(before, after).map(({ deletes }) => deletes)).toEqual([true, false, true]);
    expect(
      readWindows(new URLSearchParams("traces_days=1&ledger_days=-1&sessions_days=1")),
    ).toBeNull();
    expect([0, 1, null].map(daysText)).toEqual(["for ever", "1 day", "not known"]);
  });
});
