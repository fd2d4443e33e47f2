/** Who a reading's record names, where nobody says it. */
import { expect, test } from "bun:test";
import { userNameOf } from "./user-name.ts";

const PASSWD = "root:x:0:0:root:/root:/bin/bash\nann:x:1000:1000::/home/ann:/bin/sh\n";

test("the name is the one of the process's number, whatever the environment says", () => {
  expect(userNameOf(1000, PASSWD, "root")).toBe("ann");
  expect(userNameOf(0, PASSWD, "unknown")).toBe("root");
});

test("elsewhere it is the runtime's; where nobody knows one, there is none", () => {
  expect(userNameOf(501, PASSWD, "bo")).toBe("bo");
  for (const fallback of ["unknown", ""]) {
    expect(() => userNameOf(100, PASSWD, fallback)).toThrow("no name");
  }
});
