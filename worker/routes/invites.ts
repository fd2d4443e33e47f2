/**
 * `/invites/{secret}`: what an invited person sees. Looking shows what the invite is for; only the button redeems it, so that a preview
 * of the link does not. No script, no style from elsewhere, nothing kept by caches.
 */
import { Elysia } from "elysia";
import type { Invite } from "../../db/store.ts";
import { keyEntry } from "../client-key-audit.ts";
import type { Deps } from "../deps.ts";
import { GatewayError } from "../errors.ts";
import { ownHeaders } from "../pipeline/respond.ts";
import { parseSecret } from "../secret-text.ts";
import { change, read } from "./admin/change.ts";
import { stateOf } from "./admin/invites.ts";
import { makeKey } from "./admin/keys.ts";

const STYLE =
  "body{font:1rem/1.5 system-ui,sans-serif;max-width:40rem;margin:3rem auto;padding:0 1rem}" +
  ":root{color-scheme:light dark}" +
  "code{display:block;padding:1rem;border:1px solid;border-radius:.4rem;white-space:pre-wrap;overflow-wrap:anywhere;user-select:all}" +
  "button{font:inherit;padding:.6rem 1.2rem}";

export function invitePages(deps: Deps) {
  return new Elysia({ prefix: "/invites", handler: { standardHostname: false } })
    .get("/:secret", ({ params }) => show(deps, params.secret), { detail: { hide: true } })
    .post("/:secret", ({ params, request }) => redeem(deps, params.secret, request), {
      parse: "none",
      detail: { hide: true },
    });
}

async function show(deps: Deps, secret: string): Promise<Response> {
  const invite = await findOpen(deps, secret);
  if (invite === null) return gone(deps);
  const whose = [
    invite.user === null ? "" : `<li>user: ${escape(invite.user)}</li>`,
    invite.team === null ? "" : `<li>team: ${escape(invite.team)}</li>`,
    invite.models === null ? "" : `<li>models: ${escape(invite.models.join(", "))}</li>`,
  ].join("");
  return page(
    deps,
    200,
    `<h1>Your key for the LLM gateway</h1><p>You are invited to make a client key${whose === "" ? ".</p>" : `:</p><ul>${whose}</ul>`}
<p>It is shown once. Keep it like a password: put it into your tool's settings, and nowhere else.</p>
<form method="post"><button>Make my key</button></form>`,
  );
}

async function redeem(deps: Deps, secret: string, request: Request): Promise<Response> {
  const invite = await findOpen(deps, secret);
  if (invite === null) return gone(deps);
  const made = makeKey(deps, invite, invite.keyExpiresAtMs);
  const set = { redeemedAtMs: deps.clock.now(), revokedAtMs: null, keyId: made.key.id };
  try {
    await change(
      deps,
      { name: invite.id },
      { ...keyEntry("key.create", null, made.key), action: "invite.redeem" },
      [
        { kind: "invite.close", id: invite.id, set },
        { kind: "key.add", key: made.key },
      ],
    );
  } catch (error) {
    // Someone else was faster.
    if (error instanceof GatewayError && error.code === "conflict") return gone(deps);
    throw error;
  }
  deps.clientKeys.forget();
  if (request.headers.get("accept")?.includes("application/json") === true) {
    return Response.json(
      { key_id: made.key.id, secret: made.secret },
      { status: 201, headers: headers(deps, "application/json") },
    );
  }
  const origin = deps.publicUrl ?? new URL(request.url).origin;
  const setUps = setUpsOf(origin, made.secret, made.key.passthrough)
    .map(([tool, text]) => `<p>${escape(tool)}:</p><code>${escape(text)}</code>`)
    .join("\n");
  return page(
    deps,
    201,
    `<h1>Your key</h1><p>Copy it now: it is not stored, and not shown again.</p><code>${escape(made.secret)}</code>\n${setUps}`,
  );
}

/** Each tool's name, and what it is given: in short what the console shows at length. */
function setUpsOf(
  origin: string,
  secret: string,
  passthrough: string | null,
): readonly (readonly [string, string])[] {
  if (passthrough !== null) {
    return [
      [`A header, beside your own credential of ${passthrough}`, `x-anyray-api-key: ${secret}`],
      ["The base URL, for OpenAI's SDKs", `${origin}/v1`],
      ["For Anthropic's SDKs and Claude Code", origin],
    ];
  }
  return [
    ["Claude Code", `export ANTHROPIC_BASE_URL=${origin}\nexport ANTHROPIC_AUTH_TOKEN=${secret}`],
    ["Anthropic's SDKs", `export ANTHROPIC_BASE_URL=${origin}\nexport ANTHROPIC_API_KEY=${secret}`],
    [
      "OpenAI's SDKs, and tools built on them",
      `export OPENAI_BASE_URL=${origin}/v1\nexport OPENAI_API_KEY=${secret}`,
    ],
    [
      "Codex, in ~/.codex/config.toml, after: export ANYRAY_CLIENT_KEY=(the key)",
      `model_provider = "anyray"\n\n[model_providers.anyray]\nname = "Anyray"\nbase_url = "${origin}/v1"\nenv_key = "ANYRAY_CLIENT_KEY"\nwire_api = "responses"`,
    ],
    ["Anything else: the key as its API key, and as base URL", `${origin}/v1`],
  ];
}

async function findOpen(deps: Deps, secret: string): Promise<Invite | null> {
  const parsed = parseSecret("inv_", secret);
  if (parsed === null) return null;
  const invite = await read(() => deps.store.admin.inviteByHash(parsed.hash));
  return invite !== null && stateOf(deps, invite) === "open" ? invite : null;
}

function gone(deps: Deps): Response {
  return page(
    deps,
    404,
    "<h1>No such invite</h1><p>It was redeemed, revoked, or is too old; or the link is not whole. Ask whoever sent it for another.</p>",
  );
}

function page(deps: Deps, status: number, body: string): Response {
  return new Response(
    `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Anyray invite</title><style>${STYLE}</style><main>${body}</main></html>`,
    { status, headers: headers(deps, "text/html; charset=utf-8") },
  );
}

function headers(deps: Deps, type: string): [string, string][] {
  return [
    ["content-type", type],
    ["cache-control", "no-store"],
    ["referrer-policy", "no-referrer"],
    ["x-content-type-options", "nosniff"],
    [
      "content-security-policy",
      "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ],
    ...ownHeaders(deps.ids.traceId()),
  ];
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
}
