/** What administrators of the company in `seed.ts` have set: some of everything that the pages list, by the admin API. */
interface Place {
  readonly url: string;
  readonly adminToken: string;
}

const PASSWORD = "correct-horse-battery-staple";
const KEYS = [
  {
    name: "Claude Code of Ann",
    user: "ann@example.com",
    team: "platform",
    models: ["anthropic/*"],
  },
  {
    name: "Codex of Bo",
    user: "bo@example.com",
    team: "platform",
    description: "Laptop and desktop",
  },
  {
    name: "Notebooks",
    team: "research",
    models: ["openai/*", "demo/*"],
    endpoints: ["chat", "embeddings"],
  },
  { name: "Support bot", user: "support-bot", team: "support", expires_at: "2099-06-30" },
  { name: "CI", user: "ci-runner", team: "platform", metadata: "ignore" },
  { name: "Old laptop of Ann", user: "ann@example.com", team: "platform" },
] as const;
const CAPS = [
  { scope: "org", unit: "usd", amount: "4000", window: "month", warn_percent: 80 },
  { scope: "user", unit: "usd", amount: "45", window: "month", time_zone: "Europe/Berlin" },
  { scope: "team", scope_id: "platform", unit: "usd", amount: "120", window: "month" },
  {
    scope: "team",
    scope_id: "research",
    unit: "usd",
    amount: "500",
    window: "month",
    mode: "soft",
  },
  { scope: "user", scope_id: "ci-runner", unit: "tokens", amount: "2000000", window: "day" },
] as const;
const LIMITS = [
  { scope: "org", requests_per_minute: 6_000, concurrent: 400 },
  { scope: "key", requests_per_minute: 120, tokens_per_minute: 500_000 },
  { scope: "user", scope_id: "ci-runner", concurrent: 4 },
] as const;
const PRICES = {
  version: "2026-11-contract",
  prices: [
    {
      provider: "acme",
      model: "acme-large",
      input_usd_per_million: "0.8",
      output_usd_per_million: "3.2",
    },
    {
      provider: "local",
      model: "qwen3-32b",
      input_usd_per_million: "0.05",
      output_usd_per_million: "0.1",
    },
  ],
};

/** @returns addresses of pages about one thing each */
export async function seedAdmin({ url, adminToken }: Place): Promise<readonly string[]> {
  const ask = async (method: string, path: string, body?: object) => {
    const response = await fetch(`${url}/admin${path}`, {
      method,
      headers: { authorization: `Bearer ${adminToken}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`);
    return response.json();
  };
  const keys: string[] = [];
  for (const key of KEYS) keys.push((await ask("POST", "/keys", key)).key.id);
  const [first, second] = keys;
  await ask("POST", `/keys/${second}/rotate`, {});
  await ask("DELETE", `/keys/${keys.at(-1)}`);
  await ask("POST", "/invites", { name: "New hire", user: "hana@example.com", team: "design" });
  const { invite } = await ask("POST", "/invites", { user: "ivo@example.com", team: "support" });
  const ended = await ask("POST", "/invites", { user: "nobody@example.com" });
  await ask("DELETE", `/invites/${ended.invite.id}`);
  const caps: string[] = [];
  for (const cap of CAPS) caps.push((await ask("POST", "/caps", cap)).id);
  const limits: string[] = [];
  for (const limit of LIMITS) limits.push((await ask("POST", "/limits", limit)).id);
  await ask("POST", "/providers", {
    id: "acme",
    kind: "openai-compatible",
    base_url: "https://api.acme.example/v1",
    api_key: "sk-acme-0123456789",
    headers: { "x-project": "apollo" },
    models: ["acme-large", "acme-small"],
  });
  await ask("PUT", "/routes", {
    aliases: { fast: "acme/acme-small", best: "acme/acme-large", test: "demo/demo" },
    order: ["acme"],
  });
  await ask("PUT", "/prices", PRICES);
  for (const [name, role] of [
    ["eve@example.com", "auditor"],
    ["finn@example.com", "admin"],
    ["gil@example.com", "viewer"],
  ] as const) {
    await ask("POST", "/accounts", { name, role, password: PASSWORD });
  }
  await ask("PATCH", "/accounts/gil@example.com", { disabled: true });
  const { api_key } = await ask("POST", "/api-keys", { name: "Spend export", role: "viewer" });
  return [
    `/keys/${first}`,
    `/keys/${second}`,
    `/keys/${first}/change`,
    `/keys/${first}/rotate`,
    `/keys/${first}/revoke`,
    `/invites/${invite.id}/revoke`,
    `/caps/${caps[1]}`,
    `/caps/${caps[0]}/remove`,
    `/limits/${limits[1]}`,
    `/limits/${limits[0]}/remove`,
    "/providers/acme",
    "/providers/demo",
    "/providers/acme/change",
    "/providers/acme/remove",
    "/routes/aliases/fast/remove",
    "/prices/remove?provider=acme&model=acme-large",
    "/accounts/eve%40example.com",
    "/accounts/eve%40example.com/disable",
    `/api-keys/${api_key.id}/end`,
  ];
}
