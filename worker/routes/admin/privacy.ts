/** `GET` and `PUT /admin/privacy`: which content is kept, and why not more. */
import { t } from "elysia";
import type { Deps } from "../../deps.ts";
import { GatewayError } from "../../errors.ts";
import { CONTENT_MODES, parseMode, type ContentMode } from "../../privacy/mode.ts";
import type { PrivacyStatus } from "../../privacy/privacy.ts";
import { AdminError } from "./error-schema.ts";
import { adminGroup } from "./group.ts";
import { expectedVersion } from "./if-match.ts";

const Mode = t.String({ enum: [...CONTENT_MODES] });

const PrivacyReport = t.Object(
  {
    requested: t.String({ description: "What was asked for" }),
    effective: Mode,
    reason: t.Union([t.String(), t.Null()], {
      description:
        "Why less is kept than was asked for: plaintext_not_allowed, key_missing, key_mismatch, key_failed, store_full, store_failed, unreadable, unknown_value",
    }),
    allow_plaintext: t.Boolean({ description: "ANYRAY_ALLOW_PLAINTEXT, set at deployment alone" }),
    key: t.Object({
      state: t.String({ description: "ok | missing | mismatch | failed" }),
      kid: t.String({ description: "Fingerprint of the master key" }),
    }),
    retired_kids: t.Array(t.String(), {
      description: "Fingerprints of former master keys, which still open what they sealed",
    }),
    recipients: t.Array(t.String(), {
      description: "Fingerprints of ANYRAY_CONTENT_RECIPIENTS; empty: the master key is enough",
    }),
    changed_at: t.String({ format: "date-time" }),
    changed_by: t.String(),
    version: t.Integer({ description: "For `If-Match`" }),
  },
  { description: "The content mode" },
);

const PrivacyChange = t.Object({ requested: Mode }, { additionalProperties: true });

export function privacyRoutes(deps: Deps) {
  return adminGroup(deps, "/admin/privacy", "privacy")
    .get("", () => toJson(deps, deps.privacy.status()), {
      response: { 200: PrivacyReport, 401: AdminError, 403: AdminError },
      detail: {
        tags: ["Privacy"],
        summary: "The content mode: requested, in force, and why",
        security: [{ adminToken: [] }],
      },
    })
    .put(
      "",
      async ({ body, actor, request }) => {
        const mode = parseChange(body);
        const expected = expectedVersion(request);
        return toJson(deps, await deps.privacy.change(mode, actor.name, expected));
      },
      {
        parse: "json",
        body: PrivacyChange,
        response: {
          200: PrivacyReport,
          400: AdminError,
          401: AdminError,
          403: AdminError,
          409: AdminError,
          503: AdminError,
        },
        detail: {
          tags: ["Privacy"],
          summary: "Change the content mode, at once and audited",
          description:
            "`plaintext` is refused with 409 unless the gateway was deployed with ANYRAY_ALLOW_PLAINTEXT=true. What is stored already stays as it is. `If-Match` with the version guards against a change meanwhile.",
          security: [{ adminToken: [] }],
        },
      },
    );
}

/** What a GET gives may be sent back: these members are not changed by it. */
const READ_ONLY = new Set<string>(
  Object.keys(PrivacyReport.properties).filter((name) => name !== "requested"),
);

function parseChange(body: unknown): ContentMode {
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw new GatewayError("invalid_request", { hint: 'Send a JSON object: {"requested":"off"}.' });
  }
  const { requested, ...rest } = { requested: undefined, ...body };
  if (Object.keys(rest).some((name) => !READ_ONLY.has(name))) {
    throw new GatewayError("invalid_request", {
      hint: "A member is unknown. The one that changes something is `requested`.",
    });
  }
  const mode = typeof requested === "string" ? parseMode(requested) : null;
  if (mode !== null) return mode;
  throw new GatewayError("invalid_request", {
    field: "requested",
    hint: `It is one of ${CONTENT_MODES.join(", ")}.`,
  });
}

function toJson({ keyring, recipients }: Deps, status: PrivacyStatus) {
  return {
    requested: status.requested,
    effective: status.effective,
    reason: status.reason,
    allow_plaintext: status.allowPlaintext,
    key: status.key,
    retired_kids: keyring.kids.slice(1),
    recipients: [...recipients],
    changed_at: new Date(status.changedAtMs).toISOString(),
    changed_by: status.changedBy,
    version: status.version,
  };
}
