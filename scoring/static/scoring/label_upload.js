/* Shows how a file of labels is read as soon as it is chosen, and again after each choice: the form is sent with
   its file, and the part "mapping" of the answer takes the place of the one on the page. */
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const form = document.getElementById("label-file");
  if (!form) return;
  let latest = 0;

  const look = async (changed) => {
    const part = document.getElementById("mapping");
    const file = form.querySelector("input[type=file]");
    if (!file.files.length) return;
    const number = ++latest;
    const sent = new FormData(form);
    // Another file, sender or type is read afresh: what was chosen for the one before does not hold for it.
    if (["file", "source", "event_type"].includes(changed)) sent.delete("event_id");
    sent.set("action", "look");
    part.setAttribute("aria-busy", "true");
    const answer = await fetch(location.href, { method: "POST", body: sent });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (number !== latest) return; // a later choice is on its way
    const read = page.getElementById("mapping");
    if (!read) return location.reload(); // not the page any more: the session has ended, perhaps
    const focused = document.activeElement && document.activeElement.id;
    part.replaceWith(document.adoptNode(read));
    document.getElementById("file-errors").replaceWith(document.adoptNode(page.getElementById("file-errors")));
    if (focused && document.getElementById(focused)) document.getElementById(focused).focus();
  };

  form.addEventListener("change", (event) => look(event.target.name));
});
