/* Beside a choice of time zones with data-browser-zone: a button that selects the browser's own zone. */
"use strict";

document.querySelectorAll("select[data-browser-zone]").forEach((select) => {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const option = [...select.options].find((each) => each.value === zone);
  if (!option || option.selected) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "ws-btn";
  button.textContent = `Select ${zone}, as in this browser`;
  button.addEventListener("click", () => {
    option.selected = true;
    button.remove();
    select.focus();
  });
  select.after(button);
});
