/** How each tool is pointed at the gateway, ready to be copied. */
import type { Children } from "@kitajs/html";
import { Copyable } from "./head.tsx";
import { Notice } from "./states.tsx";

interface SetUpProps {
  readonly gatewayUrl: string;
  /** Null: it is not known any more, and its place is marked. */
  readonly secret: string | null;
  /** The provider that gets the caller's own credential; null: none. */
  readonly passthrough: string | null;
}

const PLACE = "ark_…";

export function SetUps({ gatewayUrl, secret, passthrough }: SetUpProps) {
  const key = secret ?? PLACE;
  const isLocal = /^https?:\/\/(?:localhost|127\.|\[::1\])/.test(gatewayUrl);
  return (
    <>
      {isLocal ? (
        <Notice
          tone="info"
          title="This address works on the gateway's own machine. ANYRAY_PUBLIC_URL names the one that others use."
        />
      ) : null}
      {passthrough === null ? (
        <Tools gatewayUrl={gatewayUrl} secret={key} />
      ) : (
        <BesideOwn gatewayUrl={gatewayUrl} secret={key} provider={passthrough} />
      )}
    </>
  );
}

interface ToolsProps {
  readonly gatewayUrl: string;
  readonly secret: string;
}

function Tools({ gatewayUrl, secret }: ToolsProps) {
  return (
    <div class="set-ups">
      <Tool name="Claude Code" isOpen>
        <Copyable
          id="set-up-claude-code"
          text={exports({ ANTHROPIC_BASE_URL: gatewayUrl, ANTHROPIC_AUTH_TOKEN: secret })}
        />
      </Tool>
      <Tool name="Codex">
        <p class="muted">
          In <code>~/.codex/config.toml</code>:
        </p>
        <Copyable
          id="set-up-codex-file"
          text={[
            `model_provider = "anyray"`,
            "",
            "[model_providers.anyray]",
            `name = "Anyray"`,
            `base_url = "${gatewayUrl}/v1"`,
            `env_key = "ANYRAY_CLIENT_KEY"`,
            `wire_api = "responses"`,
          ].join("\n")}
        />
        <p class="muted">In the shell:</p>
        <Copyable id="set-up-codex-key" text={exports({ ANYRAY_CLIENT_KEY: secret })} />
      </Tool>
      <Tool name="Cursor">
        <p class="muted">
          In Settings → Models → API Keys: the OpenAI API key, and Override OpenAI Base URL. Cursor
          calls from its own servers, so the address must be one that the internet reaches.
        </p>
        <Copyable id="set-up-cursor-key" text={secret} />
        <Copyable id="set-up-cursor-url" text={`${gatewayUrl}/v1`} />
      </Tool>
      <Tool name="OpenAI SDK">
        <Copyable
          id="set-up-openai"
          text={exports({ OPENAI_BASE_URL: `${gatewayUrl}/v1`, OPENAI_API_KEY: secret })}
        />
        <p class="muted">
          <code>OpenAI()</code> and <code>new OpenAI()</code> read both; so do most tools that are
          built on them.
        </p>
      </Tool>
      <Tool name="Anthropic SDK">
        <Copyable
          id="set-up-anthropic"
          text={exports({ ANTHROPIC_BASE_URL: gatewayUrl, ANTHROPIC_API_KEY: secret })}
        />
        <p class="muted">
          <code>Anthropic()</code> and <code>new Anthropic()</code> read both.
        </p>
      </Tool>
    </div>
  );
}

interface BesideOwnProps extends ToolsProps {
  readonly provider: string;
}

function BesideOwn({ gatewayUrl, secret, provider }: BesideOwnProps) {
  return (
    <div class="set-ups">
      <p class="muted" safe>
        {`Callers keep their own credential of ${provider}, which goes to that provider alone; this key goes beside it, in a header of its own.`}
      </p>
      <Tool name="Any client" isOpen>
        <Copyable id="set-up-header" text={`x-anyray-api-key: ${secret}`} />
        <Copyable id="set-up-url" text={gatewayUrl} />
      </Tool>
      <Tool name="Claude Code">
        <Copyable
          id="set-up-claude-code"
          text={exports({
            ANTHROPIC_BASE_URL: gatewayUrl,
            ANTHROPIC_CUSTOM_HEADERS: `"x-anyray-api-key: ${secret}"`,
          })}
        />
      </Tool>
    </div>
  );
}

interface ToolProps {
  readonly name: string;
  readonly isOpen?: boolean;
  readonly children: Children;
}

/** One open at a time, where the browser knows how. */
function Tool({ name, isOpen = false, children }: ToolProps) {
  return (
    <details class="set-up" name="set-up" open={isOpen}>
      <summary safe>{name}</summary>
      <div class="set-up-body">{children}</div>
    </details>
  );
}

function exports(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .map(([name, value]) => `export ${name}=${value}`)
    .join("\n");
}
