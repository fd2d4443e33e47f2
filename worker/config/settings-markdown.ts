/** The settings table as the README shows it. */
import { ALL_SETTINGS, isSecret, type Setting } from "./settings.ts";

function typeInWords(setting: Setting): string {
  switch (setting.type) {
    case "choice":
      return setting.choices.map((choice) => `\`${choice}\``).join(" or ");
    case "port":
    case "milliseconds":
    case "bytes":
    case "days":
    case "path":
      return setting.type;
    case "url":
      return "URL";
    case "json":
      return "JSON or path";
    case "text":
      return isSecret(setting) ? "secret" : "text";
  }
}

/** The table as Markdown, for the README. Ends without a newline. */
export function settingsMarkdown(): string {
  const rows = ALL_SETTINGS.map((setting) => {
    const value = setting.default === null ? "–" : `\`${setting.default}\``;
    return `| \`${setting.name}\` | ${typeInWords(setting)} | ${value} | ${setting.meaning} |`;
  });
  return [
    "| variable | type | default | meaning |",
    "|---|---|---|---|",
    ...rows,
    "",
    "A secret can also come from the file that `<NAME>_FILE` names, or stand in `secrets.env`. An empty value counts as none.",
  ].join("\n");
}
