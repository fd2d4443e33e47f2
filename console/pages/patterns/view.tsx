/** Every component, once or in each of its states. */
import { Bars } from "../../components/charts/bars.tsx";
import { Stacked } from "../../components/charts/stacked.tsx";
import { Trend } from "../../components/charts/trend.tsx";
import { Waterfall } from "../../components/charts/waterfall.tsx";
import {
  ActionForm,
  AreaField,
  CheckField,
  SelectField,
  Submit,
  TextField,
} from "../../components/form.tsx";
import {
  formatCount,
  formatDuration,
  formatUsd,
  formatUsdCompact,
} from "../../components/format.ts";
import { Badge, Copyable, Facts, PageHead, Panel, Text } from "../../components/head.tsx";
import { Empty, Notice } from "../../components/states.tsx";
import { SetUps } from "../../components/set-up.tsx";
import { Stat } from "../../components/stat.tsx";
import { Pager, Table } from "../../components/table.tsx";
import { Ago, Time } from "../../components/time.tsx";
import type { Visit } from "../../visit.ts";

/** Without chance, so that the page is the same each time. */
function wave(count: number, size: number): readonly number[] {
  return Array.from(
    { length: count },
    (_, index) => size * (1.2 + Math.sin(index / 4) + 0.3 * Math.sin(index * 1.7)),
  );
}

function points(count: number) {
  return wave(count, 3).map((value, index) => ({ label: `Point ${index + 1}`, value }));
}

export function patternsView({ nowMs, gatewayUrl, preferences: { zone } }: Visit) {
  const at = new Date(nowMs).toISOString();
  return (
    <>
      <PageHead title="Patterns" lead="Every component in every state, for whoever builds pages.">
        <a class="button" href="/patterns">
          A link
        </a>
        <a class="button main" href="/patterns">
          The one thing to do
        </a>
      </PageHead>
      <Notice tone="good" title="Something was done." />
      <Notice tone="info" title="Something to know." />
      <Notice tone="warning" title="Something to look at.">
        <p>With a sentence more.</p>
      </Notice>
      <Notice tone="bad" title="Something failed." />
      <div class="stats">
        <Stat
          label="Spend"
          value="$1,284.20"
          exact="1284.203500000000"
          change="+12.5%"
          more="bad"
          course={wave(30, 2)}
        />
        <Stat
          label="Requests"
          value="48.2K"
          change="−3.1%"
          more="good"
          course={wave(30, 5)}
          href="/patterns"
        />
        <Stat label="Errors" value="0.4%" note="192 of 48,201" />
        <Stat label="Latency, median" value={formatDuration(1_840)} note="95%: 6.2 s" />
      </div>
      <Panel title="Trend" hint="48 points">
        <Trend
          title="Dollars a day"
          unit="Cost"
          points={points(48)}
          before={wave(48, 2)}
          format={(value) => formatUsd(value.toFixed(6))}
          formatAxis={formatUsdCompact}
        />
      </Panel>
      <div class="columns">
        <Panel title="One point">
          <Trend title="One point" unit="Requests" points={points(1)} format={formatCount} />
        </Panel>
        <Panel title="10,000 points">
          <Trend
            title="Ten thousand points"
            unit="Requests"
            points={points(10_000)}
            format={(value) => value.toFixed(2)}
          />
        </Panel>
      </div>
      <Panel title="Stacked">
        <Stacked
          title="Requests by model"
          labels={points(30).map(({ label }) => label)}
          series={[
            "a-large-model",
            "a-small-model",
            "another",
            "a fourth",
            "a fifth",
            "a sixth",
            "a seventh",
          ].map((name, index) => ({
            name,
            values: wave(30, 7 - index).map((value) => Math.round(value * 10)),
          }))}
          format={formatCount}
        />
      </Panel>
      <div class="columns">
        <Panel title="Ranking">
          <Bars
            title="Ranking"
            labelHead="Who"
            valueHead="Cost"
            rows={[
              { label: "ann", value: 12, shown: "$12.00", href: "/patterns", note: "62%" },
              {
                label: "someone with a rather long name that has to end somewhere",
                value: 5.5,
                shown: "$5.50",
                note: "28%",
              },
              { label: "No user", value: 1, shown: "$1.00", note: "5%" },
            ]}
          />
        </Panel>
        <Panel title="Facts">
          <Facts
            rows={[
              ["Text", <Text text="A value" />],
              ["Code", <Text text="key_01hx" mono />],
              ["Time", <Time at={at} zone={zone} shape="full" />],
              ["Ago", <Ago at={at} nowMs={nowMs} zone={zone} />],
              ["States", <Badges />],
            ]}
          />
        </Panel>
      </div>
      <Panel title="Waterfall">
        <Waterfall
          title="One request"
          rows={[
            { label: "request", depth: 0, startMs: 0, durationMs: 4_200 },
            { label: "authenticate", depth: 1, startMs: 0, durationMs: 1, tone: "quiet" },
            {
              label: "attempt 1",
              depth: 1,
              startMs: 3,
              durationMs: 900,
              tone: "bad",
              note: "503 from the provider",
            },
            { label: "attempt 2", depth: 1, startMs: 1_100, durationMs: 3_050, tone: "good" },
          ]}
        />
      </Panel>
      <Panel title="Table">
        <Table
          caption="A table"
          rows={wave(4, 1)}
          columns={[
            { head: "Name", cell: () => <a href="/patterns">A name</a> },
            { head: "State", cell: () => <Badge text="live" tone="good" /> },
            { head: "Minor", minor: true, cell: () => <Text text="falls away on a phone" /> },
            {
              head: "Cost",
              align: "right",
              cell: (value) => <Text text={formatUsd(value.toFixed(12))} />,
            },
          ]}
          empty={<Text text="None" />}
        />
        <Pager first="/patterns" next="/patterns?cursor=1" />
      </Panel>
      <Panel title="Nothing there">
        <Empty title="No keys yet" hint="A key lets one app or one person in.">
          <a class="button main" href="/patterns">
            Make a key
          </a>
        </Empty>
      </Panel>
      <Panel title="Form">
        <ActionForm action="/patterns">
          <TextField name="a" label="Text" hint="What it is for." placeholder="ann@example.com" />
          <div class="field-row">
            <TextField name="left" label="Beside" />
            <TextField name="right" label="each other" />
          </div>
          <AreaField name="lines" label="Lines" hint="A list, one a line." />
          <TextField name="b" label="Faulty" value="x" fault="It is a name." />
          <SelectField
            name="c"
            label="One of several"
            value="b"
            choices={[
              { value: "a", label: "First" },
              { value: "b", label: "Second" },
            ]}
          />
          <CheckField name="d" label="Yes or no" isChecked hint="With a hint." />
          <div class="actions">
            <Submit label="Do it" />
            <Submit label="Destroy it" kind="danger" />
            <Submit label="Something else" kind="plain" />
          </div>
        </ActionForm>
      </Panel>
      <Panel title="To be copied">
        <Copyable
          id="pattern-copy"
          text={'export OPENAI_BASE_URL="http://127.0.0.1:8787/v1"\nexport OPENAI_API_KEY="ark_…"'}
        />
      </Panel>
      <Panel title="Set-up of tools">
        <SetUps gatewayUrl={gatewayUrl} secret={null} passthrough={null} />
      </Panel>
    </>
  );
}

function Badges() {
  return (
    <span class="badges">
      <Badge text="plain" />
      <Badge text="ok" tone="good" />
      <Badge text="degraded" tone="warning" />
      <Badge text="failed" tone="bad" />
      <Badge text="new" tone="info" />
    </span>
  );
}
