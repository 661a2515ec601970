/* Keeps marked parts of a page up to date without reloading it.

   An element with an id and data-refresh="10" is fetched again every 10 seconds and replaced if it changed; with
   data-refresh="" it is only replaced along with others. Parts come from the page's own address, or from the one
   named by a container with data-refresh-from; if the parts of such a container come or go, all its content is
   replaced. Hidden tabs and open dialogs wait. Pages that replace parts themselves use fetchPage and replacePart. */
"use strict";

window.adminKit = window.adminKit || {};

(() => {
  const served = new Map(); // id -> HTML of the part as the server sent it, before plots were drawn into it
  let status = null;

  const partsOf = (root) => [...root.querySelectorAll("[data-refresh][id]")];
  const container = () => document.querySelector("[data-refresh-from]");
  const remember = () => {
    served.clear();
    for (const part of partsOf(document)) served.set(part.id, part.outerHTML);
  };

  // The page at the address; null if it asks to sign in or is no page.
  const fetchPage = async (address, options = {}) => {
    const response = await fetch(address, { credentials: "same-origin", ...options });
    if (response.type === "opaqueredirect" || !response.ok) {
      return { page: null, signedOut: response.type === "opaqueredirect", code: response.status };
    }
    return { page: new DOMParser().parseFromString(await response.text(), "text/html"), signedOut: false, code: 200 };
  };

  const focusKey = (part) => {
    const focused = part.contains(document.activeElement) ? document.activeElement : null;
    return focused && (focused.id ? `#${CSS.escape(focused.id)}` : focused.matches("a[href]")
      ? `a[href="${CSS.escape(focused.getAttribute("href"))}"]` : "");
  };

  // Puts the fresh element in place of the old one and gives the focus back to the same link, button or field.
  const replacePart = (old, fresh) => {
    const focused = focusKey(old);
    const drawn = document.importNode(fresh, true);
    old.replaceWith(drawn);
    adminKit.drawPlots(drawn);
    if (focused) (drawn.matches(focused) ? drawn : drawn.querySelector(focused))?.focus({ preventScroll: true });
    return drawn;
  };

  // Replacing it would take something from the reader: a selection, a plot's tooltip, a focus that cannot be restored.
  const isInUse = (part) => {
    const selection = document.getSelection();
    return (selection && !selection.isCollapsed && part.contains(selection.anchorNode))
      || (part.querySelector("canvas") && part.matches(":hover"))
      || focusKey(part) === "";
  };

  const say = (text) => {
    if (!status) {
      status = document.createElement("p");
      status.className = "ws-note ws-note--warn";
      status.setAttribute("role", "status");
      (document.querySelector(".ws") || document.getElementById("content") || document.body).prepend(status);
    }
    if (status.textContent !== text) status.textContent = text;
    status.hidden = !text;
  };

  const replaceAll = (root, page) => {
    root.replaceChildren(...page.body.childNodes);
    remember();
    adminKit.drawPlots(root);
  };

  const show = (page) => {
    const root = container();
    const fresh = partsOf(page);
    const ids = (parts) => parts.map((part) => part.id).join(" ");
    if (root && ids(fresh) !== ids(partsOf(root))) return replaceAll(root, page);
    for (const next of fresh) {
      const old = document.getElementById(next.id);
      if (!old || served.get(next.id) === next.outerHTML || isInUse(old)) continue;
      served.set(next.id, next.outerHTML);
      replacePart(old, next);
    }
  };

  const refresh = async () => {
    if (document.hidden || document.querySelector("dialog[open]")) return;
    try {
      const { page, signedOut, code } = await fetchPage(container()?.dataset.refreshFrom || location.href, {
        headers: { "X-Background": "1" }, // does not count as activity of the user
        redirect: "manual",
      });
      if (page) show(page);
      if (page) say("");
      else if (signedOut) say("You are signed out, so this page no longer updates. Reload it to sign in.");
      else say(`The server answered with an error (${code}), so this page may be out of date.`);
    } catch (error) {
      say("The server cannot be reached, so this page may be out of date.");
    }
  };

  // Until the next refresh; null once no part asks for one.
  const seconds = () => {
    const asked = partsOf(document).map((part) => Number(part.dataset.refresh)).filter((each) => each > 0);
    return asked.length ? Math.min(...asked) : null;
  };

  const schedule = () => {
    const wait = seconds();
    if (wait !== null) setTimeout(async () => { await refresh(); schedule(); }, wait * 1000);
  };

  document.addEventListener("DOMContentLoaded", () => { // before plots.js draws into the parts
    remember();
    schedule();
  });
  document.addEventListener("visibilitychange", () => { if (seconds() !== null) refresh(); });

  Object.assign(adminKit, { fetchPage, replacePart });
})();
