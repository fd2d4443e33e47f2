import { describe, expect, test } from "bun:test";
import { parseDatabaseUrl } from "./database-url.ts";

const placeOf = (text: string) => {
  const parsed = parseDatabaseUrl(text);
  return parsed.ok ? parsed.place : parsed.problem;
};
const COMMON = { port: 5432, database: "d", user: "u", password: "" };

describe("the database's URL", () => {
  test("says who, where and which", () => {
    expect(placeOf("postgres://u%40x:p%2Fw@db:6432/any%20ray")).toEqual({
      host: "db",
      port: 6432,
      database: "any ray",
      user: "u@x",
      password: "p/w",
      tls: null,
    });
    expect(placeOf("postgresql://u@localhost/d?host=/run/postgresql")).toEqual({
      ...COMMON,
      host: "/run/postgresql",
      tls: null,
    });
  });

  test("goes plain inside, and outside only with a certificate that is checked", () => {
    const tls = (host: string) => ({ ...COMMON, host, tls: { servername: host, ca: null } });
    for (const host of ["127.0.0.1", "10.1.2.3", "postgres", "db.internal"]) {
      expect(placeOf(`postgres://u@${host}/d`)).toEqual({ ...COMMON, host, tls: null });
      expect(placeOf(`postgres://u@${host}/d?sslmode=require`)).toEqual(tls(host));
    }
    expect(placeOf("postgres://u@[::1]/d")).toEqual({ ...COMMON, host: "::1", tls: null });
    for (const host of ["db.example.com", "203.0.114.9"]) {
      expect(placeOf(`postgres://u@${host}/d`)).toEqual(tls(host));
      expect(placeOf(`postgres://u@${host}/d?sslmode=verify-full`)).toEqual(tls(host));
      expect(placeOf(`postgres://u@${host}/d?sslmode=disable`)).toContain("must not have sslmode");
    }
    const own = parseDatabaseUrl("postgres://u@db/d?sslrootcert=/ca.pem");
    expect(own).toEqual({ ok: true, place: tls("db"), caPath: "/ca.pem" });
  });

  test("is refused in words that quote nothing of it", () => {
    for (const wrong of [
      "hunter2",
      "https://u:hunter2@db/d",
      "postgres://u:hunter2@db",
      "postgres://:hunter2@db/d",
      "postgres://u:hunter2%@db/d",
      "postgres://u:hunter2@169.254.169.254/d",
      "postgres://u:hunter2@db/d?sslmode=prefer",
      "postgres://u:hunter2@db/d?application_name=hunter2",
      "postgres://u:hunter2@db/d?host=hunter2",
      "postgres://u:hunter2@/d",
    ]) {
      const parsed = parseDatabaseUrl(wrong);
      expect([wrong, parsed.ok]).toEqual([wrong, false]);
      if (!parsed.ok) expect(parsed.problem).not.toContain("hunter2");
    }
  });
});
