/* What pages do beyond links and forms: remember the reader's time zone, put the focus where a change of page left it, and copy. */
"use strict";

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone && !/(?:^|; )anyray-zone=/.test(document.cookie)) {
  document.cookie = `anyray-zone=${encodeURIComponent(zone)}; Path=/; Max-Age=31536000; SameSite=Lax`;
}

/** Where the navigation is longer than the window, the page's own line shows. */
const showCurrent = () => {
  const current = document.querySelector(".nav-wide [aria-current]");
  if (current) current.scrollIntoView({ block: "nearest" });
};
showCurrent();

let path = location.pathname;
/** A form was sent that changes something: its answer is another page, whatever its address. */
let isSent = false;
document.addEventListener("submit", (event) => {
  isSent = event.target instanceof HTMLFormElement && event.target.method === "post";
});
let hadFocus = false;
document.addEventListener("htmx:before:swap", () => {
  hadFocus = document.activeElement !== document.body;
});
document.addEventListener("htmx:after:swap", (event) => {
  const live = liveOf(event);
  if (live) return trim(live);
  const moved = isSent || location.pathname !== path;
  path = location.pathname;
  isSent = false;
  for (const menu of document.querySelectorAll("details.menu[open]")) menu.open = false;
  showCurrent();
  // A control that was changed keeps the focus; a link that is gone left it to nobody. A part that comes late takes it from nobody.
  const isLost = hadFocus && (!document.activeElement || document.activeElement === document.body);
  if (!moved && !isLost) return;
  const heading = document.querySelector("#main h1");
  if (heading) heading.focus({ preventScroll: true });
  if (moved) window.scrollTo(0, 0);
});

function liveOf(event) {
  return event.target instanceof Element ? event.target.closest("[data-live]") : null;
}

/* Rows that came by themselves leave by themselves: the page stays as large as it is. */
function trim(live) {
  const rows = live.querySelectorAll("tbody > tr");
  for (const row of [...rows].slice(Number(live.dataset.live))) row.remove();
}

document.addEventListener("htmx:sse:after:connection", (event) => {
  const live = liveOf(event);
  if (live) live.dataset.state = "on";
});
document.addEventListener("htmx:sse:error", (event) => {
  const live = liveOf(event);
  if (!live) return;
  live.dataset.state = "lost";
  // The sign-in has ended: the page itself leads to it.
  if (event.detail && event.detail.status === 401) location.reload();
});

document.addEventListener("click", async (event) => {
  const button = event.target instanceof Element ? event.target.closest("button[data-copy]") : null;
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  if (!source) return;
  try {
    await navigator.clipboard.writeText(source.textContent);
    button.textContent = "Copied";
  } catch {
    const range = document.createRange();
    range.selectNodeContents(source);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    button.textContent = "Selected: press Ctrl+C";
  }
});

document.addEventListener("change", (event) => {
  const field = event.target instanceof Element ? event.target.closest("[data-submit]") : null;
  if (field && field.form) field.form.requestSubmit();
});
