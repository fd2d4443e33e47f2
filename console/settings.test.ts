/** What the console reads from its environment. */
import { expect, test } from "bun:test";
import { readSettings } from "./settings.ts";

test("the defaults are this machine's: the gateway beside it, for itself and for tools", () => {
  expect(readSettings({})).toEqual({
    host: "127.0.0.1",
    port: 3000,
    publicUrl: null,
    gatewayUrl: "http://127.0.0.1:8787",
    publicGatewayUrl: "http://127.0.0.1:8787",
  });
});

test("tools are told the gateway's public address, or else the one that the console asks", () => {
  const inside = { ANYRAY_GATEWAY_URL: "http://gateway:8787" };
  expect(readSettings(inside).publicGatewayUrl).toBe("http://gateway:8787");
  const named = readSettings({ ...inside, ANYRAY_PUBLIC_URL: "https://llm.example.com/" });
  expect(named).toMatchObject({
    gatewayUrl: "http://gateway:8787",
    publicGatewayUrl: "https://llm.example.com",
  });
  expect(readSettings({ ANYRAY_PUBLIC_URL: "" }).publicGatewayUrl).toBe("http://127.0.0.1:8787");
});

test("every fault is named, by its variable", () => {
  const faulty = {
    ANYRAY_CONSOLE_PORT: "70000",
    ANYRAY_CONSOLE_URL: "anyray.example.com",
    ANYRAY_GATEWAY_URL: "http://user:secret@gateway:8787",
    ANYRAY_PUBLIC_URL: "https://llm.example.com/v1",
  };
  let message = "";
  try {
    readSettings(faulty);
  } catch (error) {
    message = error instanceof Error ? error.message : "";
  }
  for (const name of Object.keys(faulty)) expect(message).toContain(name);
  expect(message).not.toContain("secret");
});
