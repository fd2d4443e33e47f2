/**
 * What a run found, and how it reads: Markdown. Pure.
 */

/** A number that was aimed at, and what came out. */
export interface Goal {
  readonly text: string;
  readonly measured: string;
  /** Null: not to be judged by this run. */
  readonly isMet: boolean | null;
}

export interface Section {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Raw values and remarks, a line each. */
  readonly notes: readonly string[];
  readonly goals: readonly Goal[];
}

export interface Report {
  readonly heading: string;
  /** Conditions that the numbers stand under. */
  readonly conditions: readonly (readonly [name: string, value: string])[];
  readonly sections: readonly Section[];
  /** Parts that were asked for and failed, with the reason. */
  readonly failures: readonly string[];
}

/** A number or a dash where it was not measured. */
export function number(value: number | null, digits = 0): string {
  return value === null || !Number.isFinite(value) ? "–" : value.toFixed(digits);
}

export function megabytes(kb: number | null): string {
  return number(kb === null ? null : kb / 1_024, 0);
}

function table(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(columns), `|${columns.map(() => "---|").join("")}`, ...rows.map(line)].join("\n");
}

function verdict(goal: Goal): string {
  if (goal.isMet === null) return "–";
  return goal.isMet ? "yes" : "**no**";
}

function sectionMarkdown(section: Section): string {
  const notes = section.notes.map((note) => `- ${note}`).join("\n");
  const body = `### ${section.title}\n\n${table(section.columns, section.rows)}\n`;
  return notes === "" ? body : `${body}\n${notes}\n`;
}

export function reportMarkdown(report: Report): string {
  const goals = report.sections.flatMap((section) => section.goals);
  const parts = [
    `## ${report.heading}`,
    table(["condition", ""], report.conditions),
    ...(goals.length === 0
      ? []
      : [
          table(
            ["goal", "measured", "met"],
            goals.map((goal) => [goal.text, goal.measured, verdict(goal)]),
          ),
        ]),
    ...report.sections.map((section) => sectionMarkdown(section).trimEnd()),
    ...report.failures.map((failure) => `**Failed:** ${failure}`),
  ];
  return `${parts.join("\n\n")}\n`;
}
