import { describe, expect, test } from "bun:test";
import { GatewayError } from "../errors.ts";
import type { Passwords } from "./password.ts";
import { SignIn } from "./sign-in.ts";

function signInWith(matches: Passwords["matches"]) {
  let now = 0;
  const signIn = new SignIn(
    { matches, hash: () => Promise.reject(new Error("unused")) },
    () => now,
  );
  return {
    wait: (ms: number) => void (now += ms),
    guess: async (name: string): Promise<string> => {
      try {
        await signIn.check(name, "a guess", null);
        return "let in";
      } catch (error) {
        return error instanceof GatewayError ? error.code : "another error";
      }
    },
  };
}

const wrong = signInWith(() => Promise.resolve(false));

describe("who guesses passwords", () => {
  test("waits after five, and begins anew after a quarter of an hour", async () => {
    for (let n = 0; n < 5; n++) expect(await wrong.guess("ann")).toBe("unauthenticated");
    expect(await wrong.guess("ann")).toBe("rate_limited");
    wrong.wait(15 * 60_000);
    expect(await wrong.guess("ann")).toBe("unauthenticated");
  });

  test("is not forgotten for ten thousand other names", async () => {
    const { guess } = signInWith(() => Promise.resolve(false));
    for (let n = 0; n < 5; n++) await guess("ann");
    for (let n = 0; n < 25_000; n++) await guess(`name ${n}`);
    expect(await guess("ann")).toBe("rate_limited");
  });

  test("has not guessed where nobody looked: a machine that is busy locks no name", async () => {
    let isBusy = true;
    const { guess } = signInWith(() =>
      isBusy ? Promise.reject(new Error("too many at once")) : Promise.resolve(false),
    );
    for (let n = 0; n < 20; n++) expect(await guess("ann")).toBe("rate_limited");
    isBusy = false;
    for (let n = 0; n < 5; n++) expect(await guess("ann")).toBe("unauthenticated");
    expect(await guess("ann")).toBe("rate_limited");
  });
});
