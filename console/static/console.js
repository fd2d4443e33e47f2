/* What pages do beyond links and forms: remember the reader's time zone, put the focus where a change of page left it, and copy. */
"use strict";

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone && !/(?:^|; )anyray-zone=/.test(document.cookie)) {
  document.cookie = `anyray-zone=${encodeURIComponent(zone)}; Path=/; Max-Age=31536000; SameSite=Lax`;
}

let path = location.pathname;
document.addEventListener("htmx:after:swap", () => {
  const moved = location.pathname !== path;
  path = location.pathname;
  for (const menu of document.querySelectorAll("details.menu[open]")) menu.open = false;
  // A control that was changed keeps the focus; a link that is gone left it to nobody.
  if (document.activeElement && document.activeElement !== document.body && !moved) return;
  const heading = document.querySelector("#main h1");
  if (heading) heading.focus({ preventScroll: true });
  if (moved) window.scrollTo(0, 0);
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
