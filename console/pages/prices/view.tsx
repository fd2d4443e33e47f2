/** Prices: the operator's own over the vendored data, and what a model costs with both. */
import { Confirm } from "../../components/confirm.tsx";
import { plural } from "../../components/format.ts";
import { AreaField, FilterForm, Hidden, TextField } from "../../components/form.tsx";
import { FormPage } from "../../components/form-page.tsx";
import { Facts, PageHead, Panel, Text } from "../../components/head.tsx";
import { Empty, Notice } from "../../components/states.tsx";
import { Pager, Table } from "../../components/table.tsx";
import type { Cut } from "../../cut.ts";
import { canChange, type Visit } from "../../visit.ts";
import { AMOUNTS, type Price, type Prices, type TypedPrice } from "./terms.ts";

export interface Lookup {
  readonly provider: string;
  readonly model: string;
  /** Null: not asked, or none. */
  readonly price: Price | null;
  readonly isAsked: boolean;
}

export interface PricesShown {
  readonly prices: Prices;
  readonly cut: Cut<Price>;
  readonly lookup: Lookup;
  readonly fault: string | null;
}

export function pricesView(visit: Visit, shown: PricesShown): JSX.Element {
  const { prices, cut, lookup, fault } = shown;
  const mayChange = canChange(visit, "providers");
  return (
    <>
      <PageHead
        title="Prices"
        lead={`What tokens cost: your own prices first, then the vendored data, ${prices.vendored_version}.`}
      >
        {mayChange ? (
          <>
            <a class="button" href="/prices/import">
              Import a file
            </a>
            <a class="button main" href="/prices/new">
              New price
            </a>
          </>
        ) : null}
      </PageHead>
      {fault === null ? null : <Notice tone="bad" title={fault} />}
      {prices.unreadable.length === 0 ? null : (
        <Notice
          tone="warning"
          title={`Stored, and not understood: ${prices.unreadable.join(", ")}. Set them again.`}
        />
      )}
      <Panel title="What does a model cost today?" hint="With both, as the next request is counted">
        <FilterForm action="/prices">
          <TextField name="provider" label="Provider" value={lookup.provider} />
          <TextField name="model" label="Model" value={lookup.model} />
        </FilterForm>
        <Found of={lookup} />
      </Panel>
      <Panel
        title={plural(cut.total, "price of your own", "prices of your own")}
        hint="Dollars a million tokens"
      >
        <Own visit={visit} cut={cut} />
      </Panel>
    </>
  );
}

function Found({ of: { price, isAsked } }: { readonly of: Lookup }) {
  if (!isAsked) {
    return (
      <p class="muted">By the operator's name of the provider, and the provider's of the model.</p>
    );
  }
  if (price === null) {
    return (
      <Notice
        tone="warning"
        title="It has no price. Its requests are counted as unpriced, and caps in dollars don't see them."
      />
    );
  }
  return (
    <Facts
      rows={[
        ...Object.entries(price.amounts).map(
          ([name, amount]) => [labelOf(name), <Text text={`$${amount}`} />] as const,
        ),
        ["Version", <Text text={price.version} mono />],
      ]}
    />
  );
}

/** `cache_write above 200000`, `priority input`: as people say it. */
function labelOf(name: string): string {
  const words = name.replaceAll("_", " ");
  const label = words.slice(0, 1).toUpperCase() + words.slice(1);
  return name.endsWith("request") ? `${label}, each` : `${label}, a million`;
}

function Own({ visit, cut }: { readonly visit: Visit; readonly cut: Cut<Price> }) {
  const mayChange = canChange(visit, "providers");
  return (
    <>
      <Table
        caption="Prices of your own"
        rows={cut.rows}
        columns={[
          {
            head: "Model",
            cell: (price) => (
              <span>
                <a href={`/prices?${whereOf(price)}`} safe>
                  {`${price.provider}/${price.model}`}
                </a>
                <span class="cell-note" safe>
                  {price.version}
                </span>
              </span>
            ),
          },
          { head: "Input", align: "right", cell: (price) => <Amount of={price} name="input" /> },
          { head: "Output", align: "right", cell: (price) => <Amount of={price} name="output" /> },
          {
            head: "Cached",
            align: "right",
            minor: true,
            cell: (price) => <Amount of={price} name="cached_input" />,
          },
          {
            head: "",
            align: "right",
            cell: (price) =>
              mayChange ? (
                <a
                  class="button small"
                  href={`/prices/remove?${whereOf(price)}`}
                  aria-label={`Remove the price of ${price.provider}/${price.model}`}
                >
                  Remove…
                </a>
              ) : (
                <span class="none">–</span>
              ),
          },
        ]}
        empty={
          <Empty
            title="No prices of your own"
            hint="Set one where a contract differs from the list, or for a model that the list does not know."
          />
        }
      />
      <Pager first={cut.first} next={cut.next} />
    </>
  );
}

function whereOf({ provider, model }: Pick<Price, "provider" | "model">): string {
  return new URLSearchParams({ provider, model }).toString();
}

function Amount({ of: { amounts }, name }: { readonly of: Price; readonly name: string }) {
  const amount = new Map(Object.entries(amounts)).get(name);
  return amount === undefined ? <span class="none">–</span> : <Text text={`$${amount}`} />;
}

export interface PriceForm {
  readonly typed: TypedPrice;
  readonly revision: number;
  readonly fault: string | null;
}

export function newPriceView({ typed, revision, fault }: PriceForm): JSX.Element {
  return (
    <FormPage
      title="New price"
      lead="Counts from the next request on. Rows that are there keep their cost; anyray reprice computes them anew."
      fault={fault}
      action="/prices/new"
      verb="Set price"
      cancel="/prices"
    >
      <Hidden name="revision" value={String(revision)} />
      <div class="field-row">
        <TextField
          name="provider"
          label="Provider"
          value={typed.provider}
          hint="Your name for it"
          isRequired
        />
        <TextField
          name="model"
          label="Model"
          value={typed.model}
          hint="As the provider names it"
          isRequired
        />
      </div>
      <p class="muted">Dollars a million tokens. Input and output are needed.</p>
      <div class="field-row">
        {AMOUNTS.map(({ name, label }) => (
          <TextField name={name} label={label} value={typed[name]} />
        ))}
      </div>
      <div class="field-row">
        <TextField
          name="request"
          label="Each request"
          value={typed.request}
          hint="Dollars, beside the tokens"
        />
        <TextField
          name="version"
          label="Version"
          value={typed.version}
          hint="Stands with each row it priced"
          isRequired
        />
      </div>
    </FormPage>
  );
}

const EXAMPLE = `{
  "version": "2026-11-01",
  "prices": [
    {
      "provider": "groq",
      "model": "llama-3.1-8b-instant",
      "input_usd_per_million": "0.05",
      "output_usd_per_million": "0.08"
    }
  ]
}`;

interface ImportForm {
  readonly text: string;
  readonly revision: number;
  readonly fault: string | null;
}

export function importView({ text, revision, fault }: ImportForm): JSX.Element {
  return (
    <FormPage
      title="Import prices"
      lead="A price file, as for anyray prices import: all of it is stored, or nothing."
      fault={fault}
      action="/prices/import"
      verb="Import prices"
      cancel="/prices"
    >
      <Hidden name="revision" value={String(revision)} />
      <AreaField
        name="file"
        label="The file's text"
        value={text}
        rows={14}
        placeholder={EXAMPLE}
        hint="JSON. Prices that it does not name stay as they are."
      />
    </FormPage>
  );
}

export function removePriceView(price: Price, revision: number): JSX.Element {
  const { provider, model, version } = price;
  return (
    <Confirm
      title={`Remove your price of ${provider}/${model}?`}
      consequences={[
        "From the next request on the vendored price counts; where there is none, its requests are unpriced.",
        `Rows that ${version} priced keep their cost.`,
        "The removal stands in the audit log.",
      ]}
      action="/prices/remove"
      fields={{ provider, model, revision: String(revision) }}
      verb="Remove price"
      isDangerous
      cancel="/prices"
    />
  );
}
