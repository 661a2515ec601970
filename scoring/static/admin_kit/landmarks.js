/* Accessibility fixes for the admin's templates: the main landmark, icons (ligatures of a font) hidden from
   screen readers, and names for controls that consist of an icon only. */
"use strict";

(() => {
  // By icon name. Other controls are named after their icon: "filter_list" is "filter list".
  const NAMES = { balance: "Overview", add: "Add", search: "Search", close: "Close", menu: "Menu", more_horiz: "More", edit: "Change" };

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

  // All scrolling boxes are named "scrollable content"; give each its own name.
  const nameScrollers = () => {
    [...document.querySelectorAll(".simplebar-content-wrapper[role=region]")].forEach((box, at) => {
      const name = box.closest("nav") ? "Navigation, scrollable" : `Scrollable content ${at + 1}`;
      if (box.getAttribute("aria-label") !== name) box.setAttribute("aria-label", name);
    });
  };

  // On a phone a row is a card whose captions are the columns' titles, capitalized as in the table's head.
  const capitalizeCaptions = () => {
    for (const { dataset } of document.querySelectorAll(".data-row > [data-label]")) {
      dataset.label = dataset.label.charAt(0).toUpperCase() + dataset.label.slice(1);
    }
  };

  // The hints of Django's lists of choices are spans, which may have a name only with a role.
  const giveHintsRoles = () => {
    for (const hint of document.querySelectorAll(".help-tooltip[aria-label]:not([role])")) hint.setAttribute("role", "img");
  };

  const complete = () => {
    hideIcons(document);
    giveHintsRoles();
    capitalizeCaptions();
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
