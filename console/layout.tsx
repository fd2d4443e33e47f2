/** The document around every page. One address has two forms: the whole document, and, for a link that was followed with scripts, what changes of it. */
import type { Children } from "@kitajs/html";
import { assetOf } from "./assets.ts";
import { Icon, Mark } from "./components/icon.tsx";
import { Notice } from "./components/states.tsx";
import { homeOf, isCurrent, navFor } from "./nav.ts";
import { THEMES, type Theme } from "./preferences.ts";
import type { SignedIn } from "./visit.ts";

interface FrameProps {
  readonly title: string;
  readonly path: string;
  /** With its query: where a choice of colours leads back to. */
  readonly here: string;
  readonly who: SignedIn;
  readonly theme: Theme;
  readonly said: string | null;
  readonly children?: Children;
}

/** For who is signed in. */
export function Document(props: FrameProps) {
  const { title, path, here, who, theme, said, children } = props;
  return (
    <Html title={title} theme={theme}>
      <a class="skip" href="#main">
        Skip to content
      </a>
      <div class="frame" hx-boost:inherited="target:#main swap:outerHTML">
        <Side path={path} here={here} who={who} theme={theme} />
        <Main said={said}>{children}</Main>
      </div>
    </Html>
  );
}

/** What takes the place of the page's middle, and the navigation's marks. */
export function Fragment({ title, path, here, who, theme, said, children }: FrameProps) {
  return (
    <>
      <title safe>{titleOf(title)}</title>
      <Main said={said}>{children}</Main>
      <Nav path={path} here={here} who={who} theme={theme} isSwapped />
    </>
  );
}

/** For who is not signed in. */
export function PlainDocument({
  title,
  theme,
  children,
}: Pick<FrameProps, "title" | "theme" | "children">) {
  return (
    <Html title={title} theme={theme}>
      <main id="main" class="plain">
        {children}
      </main>
    </Html>
  );
}

/** The same, in the place of a page's middle. */
export function PlainFragment({ title, children }: Pick<FrameProps, "title" | "children">) {
  return (
    <>
      <title safe>{titleOf(title)}</title>
      <main id="main">{children}</main>
    </>
  );
}

function titleOf(title: string): string {
  return `${title} · Anyray`;
}

function Html({ title, theme, children }: Pick<FrameProps, "title" | "theme" | "children">) {
  const [style, script, htmx, sse] = [
    assetOf("style"),
    assetOf("script"),
    assetOf("htmx"),
    assetOf("sse"),
  ];
  return (
    <html lang="en" {...(theme === "system" ? {} : { "data-theme": theme })}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content={theme === "system" ? "light dark" : theme} />
        <meta name="robots" content="noindex" />
        <meta name="htmx-config" content='{"extensions":"sse","includeIndicatorCSS":false}' />
        <title safe>{titleOf(title)}</title>
        <link rel="icon" href={assetOf("icon").path} type="image/svg+xml" />
        <link rel="stylesheet" href={style.path} integrity={style.integrity} />
        <script defer src={htmx.path} integrity={htmx.integrity} />
        <script defer src={sse.path} integrity={sse.integrity} />
        <script defer src={script.path} integrity={script.integrity} />
      </head>
      <body>{children}</body>
    </html>
  );
}

function Main({ said, children }: Pick<FrameProps, "said" | "children">) {
  return (
    <main id="main">
      {said === null ? null : <Notice tone="good" title={said} />}
      {children}
    </main>
  );
}

type NavProps = Pick<FrameProps, "path" | "here" | "who" | "theme">;

function Side({ path, here, who, theme }: NavProps) {
  return (
    <header class="side">
      <a class="brand" href={homeOf(who)}>
        <Mark />
        <span>Anyray</span>
      </a>
      <Nav path={path} here={here} who={who} theme={theme} />
    </header>
  );
}

/** Twice the same list: beside the page where there is room, and behind a button on a phone. */
function Nav({
  path,
  here,
  who,
  theme,
  isSwapped = false,
}: NavProps & { readonly isSwapped?: boolean }) {
  return (
    <div id="nav" class="nav" {...(isSwapped ? { "hx-swap-oob": "true" } : {})}>
      <nav class="nav-wide" aria-label="Pages">
        <Sections path={path} who={who} />
      </nav>
      <details class="menu nav-narrow">
        <summary>
          <Icon name="menu" />
          <span>Menu</span>
        </summary>
        <div class="menu-body">
          <nav aria-label="Pages">
            <Sections path={path} who={who} />
          </nav>
        </div>
      </details>
      <Account who={who} here={here} theme={theme} />
    </div>
  );
}

function Sections({ path, who }: Pick<NavProps, "path" | "who">) {
  return (
    <>
      {navFor(who).map(({ label, items }) => (
        <div class="nav-section">
          <p class="nav-label" safe>
            {label}
          </p>
          <ul>
            {items.map((item) => (
              <li>
                <a
                  href={item.href}
                  {...(isCurrent(item.href, path) ? { "aria-current": "page" } : {})}
                >
                  <Icon name={item.icon} />
                  <span safe>{item.label}</span>
                </a>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </>
  );
}

const THEME_LABELS: Readonly<Record<Theme, string>> = {
  system: "Auto",
  light: "Light",
  dark: "Dark",
};

function Account({ who, here, theme }: Omit<NavProps, "path">) {
  return (
    <details class="menu account">
      <summary>
        <Icon name="user" />
        <span class="account-name">
          <span safe>{who.name}</span>
          <span class="account-role" safe>
            {who.role}
          </span>
        </span>
      </summary>
      <div class="menu-body">
        <form class="theme" method="post" action="/preferences/theme" hx-boost="false">
          <input type="hidden" name="to" value={here} />
          <fieldset>
            <legend class="hidden">Colours</legend>
            {THEMES.map((name) => (
              <button
                name="theme"
                value={name}
                aria-pressed={name === theme ? "true" : "false"}
                safe
              >
                {THEME_LABELS[name]}
              </button>
            ))}
          </fieldset>
        </form>
        <a href="/preferences">Preferences</a>
        <form method="post" action="/sign-out" hx-boost="false">
          <button class="link">Sign out</button>
        </form>
      </div>
    </details>
  );
}
