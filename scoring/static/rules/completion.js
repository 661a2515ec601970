/* Completion of names in a text area: a list box below the caret. It offers what the page knows of the language.

   Arrow keys choose, Enter or Tab inserts, Escape closes; Ctrl+Space lists everything that fits. */
"use strict";

window.ruleEditor = window.ruleEditor || {};

(() => {
  const MAX_OFFERED = 12;
  const WORD = /[A-Za-z_][A-Za-z0-9_.]*$/;
  const LOOKUP = /\b(listed|tagged)\(\s*([A-Za-z_][A-Za-z0-9_]*)?\s*(,\s*(["']?)([A-Za-z0-9_-]*))?$/;

  const BANKED = /\bbanked\(\s*(["']?)([A-Za-z0-9_-]*)$/;

  const rank = (name, typed) => {
    const lower = name.toLowerCase(), asked = typed.toLowerCase();
    if (lower.startsWith(asked)) return 0;
    if (lower.includes(`_${asked}`)) return 1;
    return lower.includes(asked) ? 2 : 3;
  };

  const fitting = (items, typed) => items
    .map((item, place) => ({ item, place, rank: rank(item.label, typed) }))
    .filter((each) => each.rank < 3)
    .sort((a, b) => a.rank - b.rank || a.place - b.place)
    .map((each) => each.item);

  const ofName = (name) => ({
    label: name.name,
    insert: name.name,
    note: [name.type, name.unit].filter(Boolean).join(", "),
    text: name.description + (name.personal ? " (personal: ask has or listed)" : ""),
  });
  const ofFunction = (each) => ({
    label: each.method ? `.${each.name}` : each.name,
    insert: each.name + "(",
    note: each.signature,
    text: each.description,
  });
  const ofList = (quote) => (list) => ({
    label: list.name,
    insert: quote ? list.name : `"${list.name}"`,
    note: list.function === "tagged" ? "tag" : "list",
    text: `holds values of the kind ${list.kind}`,
  });

  const ofBank = (quote) => (name) => ({
    label: name,
    insert: quote ? name : `"${name}"`,
    note: "hash bank",
    text: "matches files of the event",
  });

  // What fits at the caret: {start, typed, items}; null if nothing does.
  const offersAt = (data, text, all) => {
    const lookup = LOOKUP.exec(text);
    if (lookup && lookup[3] !== undefined) {
      const field = data.names.find((name) => name.name === lookup[2]);
      const lists = data.lists.filter((list) => list.function === lookup[1] && (!field || list.kind === field.lists));
      const typed = lookup[5] || "";
      return { start: text.length - typed.length, typed, items: fitting(lists.map(ofList(lookup[4])), typed) };
    }
    const banked = BANKED.exec(text);
    if (banked) {
      const typed = banked[2];
      return { start: text.length - typed.length, typed, items: fitting(data.banks.map(ofBank(banked[1])), typed) };
    }
    if (isQuoted(text)) return null;
    const typed = (WORD.exec(text) || [""])[0];
    if (lookup) {
      const fields = data.names.filter((name) => name.lists).map(ofName);
      return { start: text.length - typed.length, typed, items: fitting(fields, typed) };
    }
    const dot = typed.lastIndexOf(".");
    if (dot > 0 && !typed.startsWith("math.")) {
      const methods = data.functions.filter((each) => each.method).map(ofFunction)
        .map((each) => ({ ...each, label: each.label.slice(1) }));
      const after = typed.slice(dot + 1);
      return { start: text.length - after.length, typed: after, items: fitting(methods, after) };
    }
    if (!typed && !all) return null;
    const items = [...data.names.map(ofName), ...data.functions.filter((each) => !each.method).map(ofFunction)];
    return { start: text.length - typed.length, typed, items: fitting(items, typed) };
  };

  // Whether the caret stands in a text in quotes or in a comment.
  const isQuoted = (text) => {
    let quote = "";
    for (let at = 0; at < text.length; at += 1) {
      const sign = text[at];
      if (quote === "//") quote = sign === "\n" ? "" : quote;
      else if (quote) { if (sign === "\\") at += 1; else if (sign === quote) quote = ""; }
      else if (sign === '"' || sign === "'") quote = sign;
      else if (sign === "/" && text[at + 1] === "/") quote = "//";
    }
    return quote !== "";
  };

  const attach = ({ area, box, data, placeOf, changed }) => {
    let offers = null, chosen = 0;

    const close = () => {
      offers = null;
      box.hidden = true;
      area.removeAttribute("aria-controls");
      area.removeAttribute("aria-activedescendant");
    };

    const choose = (place) => {
      chosen = (place + offers.items.length) % offers.items.length;
      [...box.children].forEach((option, at) => option.setAttribute("aria-selected", String(at === chosen)));
      box.children[chosen].scrollIntoView({ block: "nearest" });
      area.setAttribute("aria-activedescendant", box.children[chosen].id);
    };

    const draw = () => {
      box.replaceChildren(...offers.items.map((item, at) => {
        const option = document.createElement("li");
        option.id = `completion-${at}`;
        option.setAttribute("role", "option");
        for (const [kind, text] of [["label", item.label], ["note", item.note], ["text", item.text]]) {
          const part = document.createElement("span");
          part.className = `rl-complete__${kind}`;
          part.textContent = text;
          option.append(part);
        }
        option.addEventListener("mousedown", (event) => { event.preventDefault(); choose(at); accept(); });
        return option;
      }));
      box.hidden = false;
      const { left, top } = placeOf(offers.start);
      const room = box.parentElement.clientWidth - box.offsetWidth;
      box.style.left = `${Math.max(0, Math.min(left, room))}px`;
      box.style.top = `${top}px`;
      area.setAttribute("aria-controls", box.id);
      choose(0);
    };

    const open = (all) => {
      if (area.selectionStart !== area.selectionEnd) return close();
      const found = offersAt(data, area.value.slice(0, area.selectionStart), all);
      const only = found && found.items.length === 1 && found.items[0].label === found.typed;
      if (!found || !found.items.length || (only && !all)) return close();
      offers = { ...found, items: all ? found.items.slice(0, 200) : found.items.slice(0, MAX_OFFERED) };
      return draw();
    };

    const accept = () => {
      const { insert } = offers.items[chosen];
      const { start } = offers;
      const end = area.selectionStart;
      close();
      area.focus();
      area.setRangeText(insert, start, end, "end");
      changed();
    };

    area.addEventListener("input", () => open(false));
    area.addEventListener("blur", close);
    area.addEventListener("click", close);
    area.addEventListener("keydown", (event) => {
      if (event.key === " " && event.ctrlKey) { event.preventDefault(); open(true); return; }
      if (!offers || event.isComposing) return;
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) { event.preventDefault(); choose(chosen + step); }
      else if ((event.key === "Enter" && !event.ctrlKey) || event.key === "Tab") { event.preventDefault(); accept(); }
      else if (event.key === "Escape") { event.preventDefault(); close(); }
      else if (["ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key)) close();
    });
    return { close };
  };

  Object.assign(ruleEditor, { attachCompletion: attach });
})();
