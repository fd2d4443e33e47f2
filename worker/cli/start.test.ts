/** What a person reads whose gateway did not start. */
import { expect, test } from "bun:test";
import { PgFault } from "../../db/pg/fault.ts";
import { failureText } from "./start.ts";

const coded = (message: string, code: string) => Object.assign(new Error(message), { code });

test("a failure at the start names the setting that mends it", () => {
  expect(failureText(coded("Is port 8787 in use?", "EADDRINUSE"))).toBe(
    "Is port 8787 in use? ANYRAY_PORT sets the gateway's, ANYRAY_CONSOLE_PORT the console's.",
  );
  const listening = Object.assign(coded("EINVAL: invalid argument, listen", "EINVAL"), {
    syscall: "listen",
  });
  expect(failureText(listening)).toEndWith("look at ANYRAY_HOST and ANYRAY_PORT.");
  for (const [code, named] of [
    ["3D000", "no database of the name"],
    ["28P01", "the password"],
    ["28000", "the password"],
    ["42501", "may not make tables"],
  ] as const) {
    const text = failureText(new PgFault(coded("values", code)));
    expect(text).toStartWith(`the database refused (${code}). `);
    expect(text).toContain(named);
    expect(text).not.toContain("values");
  }
});

test("any other is told as it is", () => {
  expect(failureText(new Error("The disk is full."))).toBe("The disk is full.");
  expect(failureText(coded("No.", "EIO"))).toBe("No.");
  expect(failureText("thrown")).toBe("failed");
});
