/* Accessibility fixes for the API documentation page: language, regions and heading levels. */
"use strict";

document.documentElement.lang = "en";

new MutationObserver(() => {
  const head = document.querySelector(".information-container:not([role])");
  if (head) {
    head.setAttribute("role", "region");
    head.setAttribute("aria-label", "About this API");
  }
  for (const heading of document.querySelectorAll("h3.opblock-tag:not([aria-level]), h4:not([aria-level])")) {
    heading.setAttribute("role", "heading");
    heading.setAttribute("aria-level", heading.matches("h3") ? "2" : "3");
  }
}).observe(document, { childList: true, subtree: true });
