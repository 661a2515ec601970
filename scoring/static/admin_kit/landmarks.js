/* What the admin's own templates leave out for screen readers and the keyboard: which part of the page is the
   main one, that icons (words drawn by a font) are no words, and what a control that is only an icon does. */
"use strict";

(() => {
  // By the name of the icon. Others are called what the icon is called: "filter_list" is "filter list".
  const NAMES = { add: "Add", search: "Search", close: "Close", menu: "Menu", more_horiz: "More", edit: "Change" };

  const nameControl = (icon) => {
    const control = icon.closest("a, button");
    if (!control || control.hasAttribute("aria-label")) return;
    const words = [...control.childNodes].map((node) => (node === icon ? "" : node.textContent)).join("").trim();
    if (!words) {
      const name = icon.textContent.trim();
      control.setAttribute("aria-label", control.title || NAMES[name] || name.replaceAll("_", " "));
    }
  };

  const hideIcons = (root) => {
    for (const icon of root.querySelectorAll(".material-symbols-outlined:not([aria-hidden])")) {
      nameControl(icon);
      icon.setAttribute("aria-hidden", "true");
    }
  };

  // Every scrolling box calls itself "scrollable content".
  const nameScrollers = () => {
    [...document.querySelectorAll(".simplebar-content-wrapper[role=region]")].forEach((box, at) => {
      const name = box.closest("nav") ? "Navigation, scrollable" : `Scrollable content ${at + 1}`;
      if (box.getAttribute("aria-label") !== name) box.setAttribute("aria-label", name);
    });
  };

  const complete = () => {
    hideIcons(document);
    nameScrollers();
  };

  document.addEventListener("DOMContentLoaded", () => {
    const main = document.getElementById("main") || document.getElementById("page");
    if (main && !document.querySelector("main, [role=main]")) main.setAttribute("role", "main");
    document.getElementById("content")?.setAttribute("tabindex", "-1"); // so that the skip link moves the focus
    complete();
    new MutationObserver(complete).observe(document.body, { childList: true, subtree: true });
  });
})();
