/** `/admin/prices`: the operator's own prices over the vendored data, and what a model costs with both. */
import { t } from "elysia";
import type { Actor } from "../../accounts/roles.ts";
import type { Deps } from "../../deps.ts";
import { importPrices, PRICES_SETTING, removePrice } from "../../price-changes.ts";
import { PRICE_DATA_VERSION, readOverrides } from "../../pricing/catalogue.ts";
import { listAmounts, readPriceFile } from "../../pricing/price-file.ts";
import { encodePrice } from "../../pricing/price-json.ts";
import type { ModelPrice } from "../../pricing/price.ts";
import { change, found, read } from "./change.ts";
import { ADMIN_ERRORS, AdminError } from "./error-schema.ts";
import { adminGroup, describeIn } from "./group.ts";
import { expectedVersion } from "./if-match.ts";
import { invalid, readParameters } from "./query.ts";

const Text = (description: string) => t.Optional(t.String({ description }));
const Amounts = t.Record(t.String(), t.String(), {
  description: "USD a million tokens, or a request; as in the price file",
});
const PriceRecord = t.Object(
  { provider: t.String(), model: t.String(), version: t.String(), amounts: Amounts },
  { description: "A price" },
);
const Where = t.Object(
  {
    provider: Text("The operator's name for it"),
    model: Text("As the provider names it"),
  },
  { additionalProperties: true },
);
const detail = describeIn("Prices");

export function priceRoutes(deps: Deps) {
  return adminGroup(deps, "/admin/prices", "providers")
    .get(
      "",
      async () => {
        const { entries, unreadable } = readOverrides(await read(() => deps.store.prices.list()));
        return {
          overrides: entries.map(toJson),
          unreadable: [...unreadable],
          revision: await revision(deps),
          vendored_version: PRICE_DATA_VERSION,
        };
      },
      {
        response: {
          200: t.Object(
            {
              overrides: t.Array(PriceRecord),
              unreadable: t.Array(t.String(), { description: "Stored, and not understood" }),
              revision: t.Integer({ description: "Counts their changes; for `If-Match`" }),
              vendored_version: t.String({ description: "Of the data below them" }),
            },
            { description: "The operator's own prices" },
          ),
          ...ADMIN_ERRORS,
        },
        detail: detail("Prices that were set over the vendored ones"),
      },
    )
    .get("/effective", ({ request }) => effective(deps, request.url), {
      query: Where,
      response: { 200: PriceRecord, ...ADMIN_ERRORS, 404: AdminError },
      detail: detail(
        "What a model costs today",
        "404: it has no price; its requests are `unpriced`.",
      ),
    })
    .put("", ({ body, actor, request }) => setPrices(deps, actor, body, request), {
      parse: "json",
      body: t.Object(
        { version: t.String(), prices: t.Array(t.Object({}, { additionalProperties: true })) },
        { additionalProperties: true },
      ),
      response: {
        200: t.Object(
          { stored: t.Integer(), version: t.String(), revision: t.Integer() },
          { description: "Stored" },
        ),
        ...ADMIN_ERRORS,
        409: AdminError,
      },
      detail: detail(
        "Set prices",
        "A price file, as for `anyray prices import`: all of it, or nothing. Rows that are there keep their cost; `anyray reprice` computes them anew. `If-Match` with the revision guards against a change meanwhile.",
      ),
    })
    .delete("", ({ request, actor }) => unsetPrice(deps, actor, request), {
      parse: "none",
      query: Where,
      response: {
        200: t.Object({ removed: t.Boolean() }, { description: "The vendored price counts again" }),
        ...ADMIN_ERRORS,
        404: AdminError,
        409: AdminError,
      },
      detail: detail("Remove a price of one's own"),
    });
}

const MAX_FAULTS = 5;

async function setPrices(deps: Deps, actor: Actor, body: unknown, request: Request) {
  const { entries, faults } = readPriceFile(body);
  if (faults.length > 0) {
    const listed = faults
      .slice(0, MAX_FAULTS)
      .map(({ path, problem }) => `${path} ${problem}`.trim());
    throw invalid(null, `${listed.join("; ")}.`);
  }
  const [{ version } = { version: "" }] = entries;
  const createdAtMs = deps.clock.now();
  const overrides = entries.map(({ price, ...rest }) => ({
    ...rest,
    price: encodePrice(price),
    createdAtMs,
  }));
  const after = { version, prices: entries.length };
  await change(
    deps,
    actor,
    { action: "price.import", target: version, before: null, after },
    importPrices(overrides, expectedVersion(request)),
  );
  await read(() => deps.reloadPrices());
  return { stored: entries.length, version, revision: await revision(deps) };
}

/** 0: none was ever changed. */
async function revision(deps: Deps): Promise<number> {
  return (await read(() => deps.store.settings.get(PRICES_SETTING)))?.version ?? 0;
}

async function unsetPrice(deps: Deps, actor: Actor, request: Request) {
  const { provider, model } = parseWhere(request.url);
  const stored = await read(() => deps.store.prices.list());
  const price = found(
    stored.find((each) => each.provider === provider && each.model === model),
    "model",
    "price",
  );
  const facts = { before: { model, version: price.version }, after: null };
  await change(
    deps,
    actor,
    { action: "price.remove", target: provider, ...facts },
    removePrice({ provider, model }, expectedVersion(request)),
  );
  await read(() => deps.reloadPrices());
  return { removed: true };
}

function effective(deps: Deps, url: string) {
  const { provider, model } = parseWhere(url);
  const price = deps.findPrice({
    priceId: deps.providers.find(provider)?.settings?.priceId ?? null,
    providerName: provider,
    model,
    atMs: deps.clock.now(),
  });
  return toJson({ provider, model, ...found(price, "model", "price") });
}

function parseWhere(url: string): { readonly provider: string; readonly model: string } {
  const parameters = readParameters(url, ["provider", "model"]);
  const provider = parameters.get("provider");
  const model = parameters.get("model");
  if (provider === undefined) throw invalid("provider", "It is needed.");
  if (model === undefined) throw invalid("model", "It is needed.");
  return { provider, model };
}

function toJson(entry: {
  readonly provider: string;
  readonly model: string;
  readonly version: string;
  readonly price: ModelPrice;
}) {
  const { provider, model, version, price } = entry;
  return { provider, model, version, amounts: Object.fromEntries(listAmounts(price)) };
}
