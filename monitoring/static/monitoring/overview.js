/* Keeps the overview fresh: fetches its parts, and replaces those that have changed. Hidden tabs wait. */
"use strict";

(() => {
  const EVERY_MS = 10000;
  const root = document.querySelector("[data-overview]");
  const parts = () => [...root.querySelectorAll("[data-live]")];
  // What each part was before the plots were drawn into it: what the server sends is compared with that.
  const sent = new Map(parts().map((part) => [part.id, part.innerHTML]));
  const status = document.createElement("p");
  status.className = "ws-note ws-note--warn";
  status.setAttribute("role", "status");
  status.hidden = true;
  root.prepend(status);

  const isInUse = (part) => {
    const selection = document.getSelection();
    return (selection && !selection.isCollapsed && part.contains(selection.anchorNode))
      || (part.querySelector("canvas") && part.matches(":hover"));
  };

  // A part that comes or goes changes the page's outline: then all of them are replaced.
  const replaceAll = (fresh) => {
    for (const child of [...root.children]) if (child !== status) child.remove();
    root.append(...fresh.body.childNodes);
    sent.clear();
    for (const part of parts()) sent.set(part.id, part.innerHTML);
    adminKit.drawPlots(root);
  };

  const replace = (part, html) => {
    const focused = part.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    part.innerHTML = html;
    sent.set(part.id, html);
    adminKit.drawPlots(part);
    if (focused) {
      const again = [...part.querySelectorAll("a")].find((link) => link.getAttribute("href") === focused);
      if (again) again.focus({ preventScroll: true });
    }
  };

  const show = (html) => {
    const fresh = new DOMParser().parseFromString(html, "text/html");
    const arrived = [...fresh.querySelectorAll("[data-live]")];
    if (arrived.map((part) => part.id).join() !== parts().map((part) => part.id).join()) {
      replaceAll(fresh);
      return;
    }
    for (const next of arrived) {
      const part = document.getElementById(next.id);
      if (sent.get(next.id) !== next.innerHTML && !isInUse(part)) replace(part, next.innerHTML);
    }
  };

  const say = (text) => {
    if (status.textContent !== text) status.textContent = text;
    status.hidden = !text;
  };

  const refresh = async () => {
    if (document.hidden) return;
    try {
      const response = await fetch(root.dataset.overview, {
        credentials: "same-origin",
        headers: { "X-Background": "1" }, // keeps nobody signed in
        redirect: "manual",
      });
      if (response.type === "opaqueredirect") {
        say("You are logged out: these figures no longer change. Reload the page to log in.");
      } else if (response.ok) {
        show(await response.text());
        say("");
      } else {
        say(`The server could not say how it goes (${response.status}): these figures are getting old.`);
      }
    } catch (error) {
      say("The server cannot be reached: these figures are getting old.");
    }
  };

  const repeat = async () => {
    await refresh();
    setTimeout(repeat, EVERY_MS);
  };
  setTimeout(repeat, EVERY_MS);
  document.addEventListener("visibilitychange", refresh);
})();
