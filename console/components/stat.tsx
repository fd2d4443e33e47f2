/** A figure with its name, its change against the period before, and its course. */
import { Spark } from "./charts/spark.tsx";

interface StatProps {
  readonly label: string;
  readonly value: string;
  /** The exact value, where the shown one is rounded. */
  readonly exact?: string;
  /** `+12.5%`; null: nothing to compare with. */
  readonly change?: string | null;
  /** Whether more is better, worse, or neither. */
  readonly more?: "good" | "bad" | "neither";
  readonly note?: string;
  readonly course?: readonly number[];
  readonly href?: string;
}

export function Stat(props: StatProps) {
  const { label, value, exact, change = null, more = "neither", note = "", course, href } = props;
  return (
    <div class="stat">
      <p class="stat-label">
        {href === undefined ? (
          <span safe>{label}</span>
        ) : (
          <a href={href} safe>
            {label}
          </a>
        )}
      </p>
      <p class="stat-value" {...(exact === undefined ? {} : { title: exact })} safe>
        {value}
      </p>
      <p class="stat-note">
        {change === null ? null : (
          <span class={`change ${toneOf(change, more)}`}>
            <span safe>{change}</span>
            <span class="hidden"> against the period before</span>
          </span>
        )}
        {note === "" ? null : <span safe>{note}</span>}
      </p>
      {course === undefined ? null : <Spark values={course} />}
    </div>
  );
}

function toneOf(change: string, more: "good" | "bad" | "neither"): string {
  if (more === "neither") return "";
  const isMore = change.includes("+");
  return isMore === (more === "good") ? "good" : "bad";
}
