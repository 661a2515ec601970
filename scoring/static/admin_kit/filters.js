/* The filter form of a list sends only the fields that are filled in, so that addresses stay short. */
"use strict";

document.addEventListener("submit", ({ target }) => {
  if (target.id !== "filter-form") return;
  for (const field of target.elements) if (field.name && field.value === "") field.disabled = true;
});
window.addEventListener("pageshow", () => { // back from the list: the fields can be filled in again
  for (const field of document.querySelectorAll("#filter-form :disabled")) field.disabled = false;
});
