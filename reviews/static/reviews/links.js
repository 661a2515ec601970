/* Linked entities: draws the graph of the page's table with Cytoscape.js, and loads both where a page has only
   their place. Without scripts, and on phones, the table with its links is all there is. */
"use strict";

(() => {
  const SMALLEST = 760; // pixels of width below which only the table is shown
  const known = new Map(); // id of a node -> where it was drawn last, so that an expansion moves little
  let graph = null;

  const loadLibrary = (address) => new Promise((resolve, reject) => {
    if (window.cytoscape) return resolve();
    const script = Object.assign(document.createElement("script"), { src: address, onload: resolve, onerror: reject });
    document.head.append(script);
  });

  // The library knows no oklch(), so a color of the page is read back from a pixel.
  const pixel = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
  const color = (name) => {
    pixel.fillStyle = getComputedStyle(document.querySelector(".rv-links")).getPropertyValue(name).trim();
    pixel.fillRect(0, 0, 1, 1);
    return `rgb(${[...pixel.getImageData(0, 0, 1, 1).data].slice(0, 3).join(",")})`;
  };
  const TONES = { bad: "--ws-block", block: "--ws-block", good: "--ws-allow", allow: "--ws-muted", review: "--ws-review" };
  const toneOf = (node) => color(TONES[node.data("tone")] || "--ws-muted");

  const styles = () => [
    { selector: "node", style: {
      label: "data(label)", "text-wrap": "wrap", "font-size": 13, color: color("--ws-ink"),
      "text-valign": "bottom", "text-margin-y": 3, "text-background-color": color("--ws-surface"), "text-background-opacity": .75,
      "background-color": color("--ws-series-1"), width: 16, height: 16,
    } },
    { selector: "node[kind = 'entity']", style: {
      shape: "round-rectangle", width: 20, height: 20, "background-color": color("--ws-surface"),
      "border-width": 2, "border-color": color("--ws-ink-3"),
    } },
    { selector: "node[?hub]", style: { "border-style": "dashed" } },
    { selector: "node[kind = 'event']", style: { "background-color": toneOf } },
    { selector: "node[?here]", style: { width: 26, height: 26, "border-width": 3, "border-color": color("--ws-accent"), "font-weight": "bold" } },
    { selector: "node:selected", style: { "overlay-color": color("--ws-accent"), "overlay-opacity": .2 } },
    { selector: "edge", style: { width: 1, "line-color": color("--ws-muted"), "curve-style": "straight" } },
  ];

  // Around the middle, in a circle for each kind, or where it was: so the same graph is drawn the same way.
  const placed = (elements) => {
    const nodes = elements.filter((each) => each.data.kind);
    return elements.map((each) => {
      if (!each.data.kind) return each;
      const turn = 2 * Math.PI * nodes.indexOf(each) / nodes.length;
      const far = each.data.here ? 0 : each.data.kind === "entity" ? 120 : 240;
      return { ...each, position: known.get(each.data.id) || { x: far * Math.cos(turn), y: far * Math.sin(turn) } };
    });
  };

  const tell = (section, node) => {
    const { kind, label, link, expand } = node.data();
    const words = document.createElement("strong");
    words.textContent = label.replaceAll("\n", " ");
    const links = [["Open", link, ""], ...(expand ? [[kind === "event" ? "Show its other entities" : "Show its events", expand, "links"]] : [])];
    const parts = links.map(([text, address, swap]) => {
      const anchor = document.createElement("a");
      anchor.className = "ws-link";
      anchor.href = swap ? section.querySelector("h2 a").href + address : address;
      if (swap) anchor.dataset.swap = swap;
      anchor.textContent = text;
      return anchor;
    });
    section.querySelector("[data-chosen]").replaceChildren(words, ...parts.flatMap((each) => [" \u00b7 ", each]));
  };

  const draw = async (section) => {
    const data = section.querySelector("#links-elements");
    const box = section.querySelector("[data-graph]");
    if (!data || !box || window.innerWidth < SMALLEST) return;
    await loadLibrary(section.dataset.library);
    box.hidden = false;
    section.querySelector("[data-graph-foot]").hidden = false;
    graph?.destroy();
    graph = cytoscape({
      container: box,
      elements: placed(JSON.parse(data.textContent)),
      style: styles(),
      layout: { name: "cose", randomize: false, animate: false, padding: 24, nodeDimensionsIncludeLabels: true, nodeRepulsion: () => 20000, idealEdgeLength: () => 60, nodeOverlap: 24 },
      userZoomingEnabled: false, // the wheel scrolls the page
      maxZoom: 2,
    });
    graph.nodes().forEach((node) => known.set(node.id(), { ...node.position() }));
    const table = section.querySelector("[data-graph-table]");
    if (table) table.open = false;
    graph.on("tap", "node", ({ target }) => tell(section, target));
    graph.on("dbltap", "node", ({ target }) => location.assign(target.data("link")));
  };

  const watch = (root) => {
    const drawn = new WeakSet();
    const look = () => {
      const section = document.getElementById("links");
      if (!section || drawn.has(section)) return;
      drawn.add(section);
      draw(section).catch(() => {}); // the table says the same
    };
    new MutationObserver(look).observe(root, { childList: true });
    look();
  };

  const loadWhenSeen = (place) => {
    const seen = new IntersectionObserver(async ([entry]) => {
      if (!entry.isIntersecting) return;
      seen.disconnect();
      const { page } = await adminKit.fetchPage(place.dataset.linksAt);
      const fresh = page?.getElementById("links");
      if (fresh) adminKit.replacePart(place, fresh);
    }, { rootMargin: "200px" });
    seen.observe(place);
  };

  document.addEventListener("DOMContentLoaded", () => {
    const section = document.getElementById("links");
    if (!section) return;
    watch(section.parentElement);
    if (section.dataset.linksAt) loadWhenSeen(section);
    const scheme = window.matchMedia("(prefers-color-scheme: dark)");
    const restyle = () => graph?.style(styles());
    scheme.addEventListener("change", restyle);
    new MutationObserver(restyle).observe(document.documentElement, { attributeFilter: ["class"] });
  });
})();
