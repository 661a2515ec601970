/* Looks again, every two seconds, at what is marked data-live="yes", and replaces it by its new self. */
"use strict";

(() => {
  const SECONDS = 2;

  const waits = () => document.querySelector('[data-live="yes"]') !== null;

  const look = async () => {
    const answer = await fetch(location.href, { credentials: "same-origin", headers: { "X-Background": "1" } });
    if (!answer.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const old of document.querySelectorAll("[data-live]")) {
      const fresh = page.getElementById(old.id);
      if (fresh && fresh.outerHTML !== old.outerHTML && !old.contains(document.activeElement)) {
        old.replaceWith(document.importNode(fresh, true));
      }
    }
  };

  const again = async () => {
    try {
      if (!document.hidden) await look();
    } catch (error) {
      // The server is away for a moment; the next look may find it.
    }
    if (waits()) setTimeout(again, SECONDS * 1000);
  };

  document.addEventListener("DOMContentLoaded", () => { if (waits()) setTimeout(again, SECONDS * 1000); });
})();
