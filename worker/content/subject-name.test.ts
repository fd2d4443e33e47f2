import { describe, expect, test } from "bun:test";
import { parseSubjectName, subjectName } from "./subject-name.ts";

const key = { id: "key_AAAAAAAAAAAAAAAA", user: null, team: null };

describe("whose content it is", () => {
  test("the user, else the team, else the key", () => {
    const names = [
      subjectName({ key: { ...key, user: "ann", team: "red" }, user: "ann", team: "red" }),
      subjectName({ key: { ...key, team: "red" }, user: "bob", team: "red" }),
      subjectName({ key: { ...key, team: "red" }, user: null, team: "red" }),
      subjectName({ key, user: null, team: "blue" }),
      subjectName({ key, user: null, team: null }),
    ];
    expect(names).toEqual([
      "key user ann",
      "claim key_AAAAAAAAAAAAAAAA user bob",
      "key team red",
      "claim key_AAAAAAAAAAAAAAAA team blue",
      "key key key_AAAAAAAAAAAAAAAA",
    ]);
  });

  test("a claimed name is never another's: neither a bound one's, nor one claimed through another key", () => {
    const bound = subjectName({ key: { ...key, user: "ann" }, user: "ann", team: null });
    const claimed = subjectName({ key, user: "ann", team: null });
    const other = subjectName({
      key: { ...key, id: "key_BBBBBBBBBBBBBBBB" },
      user: "ann",
      team: null,
    });
    expect(new Set([bound, claimed, other]).size).toBe(3);
  });

  test("is read back, names with spaces and slashes, too", () => {
    for (const user of ["ann", "Ann B. C", "team/x:user key", "a=b"]) {
      const claimed = subjectName({ key, user, team: null });
      expect(parseSubjectName(claimed)).toEqual({
        claimedThrough: key.id,
        kind: "user",
        name: user,
      });
      const bound = subjectName({ key: { ...key, user }, user, team: null });
      expect(parseSubjectName(bound)).toEqual({ claimedThrough: null, kind: "user", name: user });
    }
    expect(parseSubjectName("nonsense")).toBeNull();
  });
});
