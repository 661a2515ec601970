/* Thresholds that are moved show their effect at once; the server computes it. Without JavaScript, the button
   "Show the effect" does the same. */
"use strict";

(() => {
  const WAIT = 250; // milliseconds after the last change
  let timer = null;
  let asked = 0;

  const form = () => document.getElementById("what-if");

  // The address with the thresholds of the form instead of earlier ones.
  const address = () => {
    const query = new URLSearchParams(location.search);
    for (const [name, value] of new FormData(form())) query.set(name, value);
    return `${location.pathname}?${query}`;
  };

  const show = async () => {
    const mine = ++asked;
    const part = document.getElementById("effects");
    part.setAttribute("aria-busy", "true");
    const { page } = await adminKit.fetchPage(address());
    if (mine !== asked) return; // moved on meanwhile
    const fresh = page?.getElementById("effects");
    if (!fresh) return form().submit();
    history.replaceState(null, "", address());
    adminKit.replacePart(part, fresh);
  };

  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(show, WAIT);
  };

  document.addEventListener("input", ({ target }) => {
    if (!target.closest?.("#what-if")) return;
    const other = target.dataset.for
      ? document.getElementById(target.dataset.for)
      : document.querySelector(`[data-for="${target.id}"]`);
    if (other) other.value = target.value;
    if (target.type === "range") later();
  });
  document.addEventListener("change", ({ target }) => { if (target.closest?.("#what-if")) later(); });
  document.addEventListener("submit", (event) => {
    if (event.target.id !== "what-if") return;
    event.preventDefault();
    show();
  });
})();
