/* Draws the plots of {% plot %} with the Chart.js that ships with Unfold.
   refresh.js calls adminKit.drawPlots(part) after it replaces a part. */
"use strict";

window.adminKit = window.adminKit || {};

(() => {
  const drawn = new Map(); // canvas -> {chart, spec}

  const color = (role) => getComputedStyle(document.documentElement).getPropertyValue(`--ws-${role}`).trim();

  const translucent = (hex, alpha) => {
    const [r, g, b] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
    return `rgba(${r}, ${g}, ${b}, ${alpha})`;
  };

  // "2026-03-01 13:00" in the axis' time zone; Swedish dates are ISO 8601.
  const clocks = new Map();
  const timeText = (value, { zone }) => {
    if (!clocks.has(zone)) {
      clocks.set(zone, new Intl.DateTimeFormat("sv", { dateStyle: "short", timeStyle: "short", timeZone: zone }));
    }
    return clocks.get(zone).format(value);
  };
  const aheadOfUtc = (value, axis) => {
    const minute = Math.floor(value / 60e3) * 60e3;
    return Date.parse(`${timeText(minute, axis).replace(" ", "T")}Z`) - minute;
  };

  const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
  const plain = new Intl.NumberFormat("en", { maximumSignificantDigits: 4 });
  const FORMATS = {
    number: (value) => (Math.abs(value) >= 10000 ? compact.format(value) : plain.format(value)),
    percent: (value) => `${plain.format(value * 100)} %`,
    money: (value, axis) => `${compact.format(value / 100)} ${axis.unit}`.trim(),
    ms: (value) => (value < 1000 ? `${plain.format(value)} ms` : `${plain.format(value / 1000)} s`),
    time: timeText,
    text: (value) => value,
  };

  const HOUR = 3600e3, DAY = 24 * HOUR;
  const STEPS = [1, 5, 10, 15, 30].map((m) => m * 60e3).concat([1, 2, 3, 6, 12].map((h) => h * HOUR),
    [1, 2, 7, 14, 30, 91, 365].map((d) => d * DAY));

  // Ticks at hours and days that are round by the clocks of the axis, as many as fit.
  const timeTicks = (scale, axis) => {
    const span = scale.max - scale.min;
    const most = Math.max(2, Math.floor(scale.width / 90));
    const step = STEPS.find((each) => span / each <= most) || STEPS[STEPS.length - 1];
    scale.ticks = [];
    let ahead = aheadOfUtc(scale.min, axis);
    for (let local = Math.ceil((scale.min + ahead) / step) * step; local - ahead <= scale.max; local += step) {
      ahead = aheadOfUtc(local - ahead, axis); // another one after the clocks have changed
      if (local - ahead <= scale.max) scale.ticks.push({ value: local - ahead });
    }
    scale.assayStep = step;
  };

  const timeLabel = (value, step, axis) => {
    const [day, time] = timeText(value, axis).split(" ");
    return step >= DAY || time === "00:00" ? day.slice(5) : time;
  };

  const LOG_SPAN = 10; // at least: a single point or a narrow range needs an axis around it
  const LOG_TICK_HEIGHT = 22; // pixels between two ticks
  // Ever fewer ticks: the digits of a decade, and of how many decades one has them.
  const LOG_STEPS = [[[1, 2, 5], 1], [[1, 5], 1], ...[1, 2, 3, 4, 6].map((decades) => [[1], decades])];

  // Numbers such as 1, 2, 5, 10 and 20, a decade beyond both ends.
  const roundNumbers = (from, to, [digits, every]) => {
    const found = [];
    for (let decade = Math.floor(Math.log10(from)) - 1; decade <= Math.log10(to) + 1; decade += 1) {
      if (decade % every === 0) found.push(...digits.map((digit) => Number(`${digit}e${decade}`)));
    }
    return found;
  };

  // The range of a logarithmic axis: round numbers around the values.
  const logRange = (values) => {
    const positive = values.filter((value) => value > 0);
    let [from, to] = positive.length ? [Math.min(...positive), Math.max(...positive)] : [1, 1];
    const wider = Math.sqrt(Math.max(1, LOG_SPAN / (to / from)));
    [from, to] = [from / wider, to * wider];
    const around = roundNumbers(from, to, LOG_STEPS[0]);
    return { min: Math.max(...around.filter((at) => at <= from)), max: Math.min(...around.filter((at) => at >= to)) };
  };

  // Ticks at round numbers, as many as fit.
  const logTicks = (scale) => {
    const most = Math.max(2, Math.floor(scale.height / LOG_TICK_HEIGHT));
    const choices = LOG_STEPS.map((step) => roundNumbers(scale.min, scale.max, step).filter((at) => at >= scale.min && at <= scale.max));
    const fitting = choices.find((each) => each.length <= most) || [];
    scale.ticks = (fitting.length > 1 ? fitting : [scale.min, scale.max]).map((value) => ({ value }));
  };

  const MAX_NAME = 24; // characters of a name beside its bar; the tooltip has all of it
  const shorten = (name) => (name.length > MAX_NAME ? `${name.slice(0, MAX_NAME - 1).trimEnd()}…` : name);

  const scaleOf = (axis, stacked) => {
    const options = {
      type: axis.format === "text" ? "category" : axis.logarithmic ? "logarithmic" : "linear",
      stacked,
      title: { display: true, text: axis.format === "time" ? `${axis.title} (${axis.zone.replaceAll("_", " ")})` : axis.title, color: color("ink-3") },
      grid: { color: color("grid"), tickLength: 4 },
      border: { color: color("muted") },
      ticks: { color: color("muted-ink") || color("muted"), maxRotation: 0, autoSkipPadding: 12 },
    };
    if (axis.minimum !== null) options.min = axis.minimum;
    if (axis.maximum !== null) options.max = axis.maximum;
    if (axis.format === "time") {
      options.afterBuildTicks = (scale) => timeTicks(scale, axis);
      options.ticks.callback = function (value) { return timeLabel(value, this.assayStep, axis); };
    } else if (axis.format !== "text") {
      options.ticks.callback = (value) => FORMATS[axis.format](value, axis);
    }
    if (axis.names.length) {
      options.ticks = { ...options.ticks, stepSize: 1, autoSkip: false, callback: (value) => shorten(axis.names[value] || "") };
      options.afterBuildTicks = (scale) => { scale.ticks = axis.names.map((_, value) => ({ value })); };
    }
    if (axis.logarithmic) options.afterBuildTicks = logTicks;
    return options;
  };

  // One row for each name: all names are shown, on the left.
  const layDown = ({ x, y }) => {
    const names = { ...y, ...x, grid: { display: false }, ticks: { ...x.ticks, autoSkip: false } };
    names.title = { display: false }; // the names need its space
    names.ticks.callback = (at) => shorten(x.labels[at]);
    return { x: y, y: names };
  };

  const asPoints = (xs, ys) => xs.map((x, at) => ({ x, y: ys[at] }));

  const datasetsOf = (series, spec) => {
    const paint = color(series.color);
    const xs = series.points.map(([x]) => x);
    const ys = series.points.map(([, y]) => y);
    const dataset = {
      label: series.label,
      data: spec.horizontal ? asPoints(ys, xs) : asPoints(xs, ys),
      type: series.kind === "bar" ? "bar" : "line",
      borderColor: paint,
      backgroundColor: series.kind === "bar" ? paint : translucent(paint, spec.stacked ? 0.55 : 0.9),
      borderWidth: series.kind === "bar" ? 0 : 2,
      borderDash: series.dashed ? [5, 4] : [],
      pointRadius: series.kind === "dots" ? 4 : series.kind === "points" ? 2 : series.points.length === 1 ? 3 : 0,
      pointHitRadius: 8,
      showLine: !["dots", "points"].includes(series.kind),
      stepped: series.kind === "step",
      fill: spec.stacked && series.kind !== "bar" ? "stack" : false,
      barPercentage: 1,
      categoryPercentage: spec.stacked ? 0.9 : 0.8,
    };
    if (!series.low || !series.high) return [dataset];
    if (series.kind === "bar") return [{ ...dataset, whiskers: series.low.map((low, at) => [low, series.high[at]]) }];
    const edge = { type: "line", borderWidth: 0, pointRadius: 0, band: true, stepped: series.kind === "step" };
    return [
      dataset,
      { ...edge, label: `${series.label} low`, data: asPoints(xs, series.low) },
      { ...edge, label: `${series.label} high`, data: asPoints(xs, series.high), fill: "-1", backgroundColor: translucent(paint, 0.15) },
    ];
  };

  const lineDatasets = (spec) => {
    const xs = spec.series.flatMap((series) => series.points.map(([x]) => x));
    if (!xs.length) return [];
    const [from, to] = [Math.min(...xs), Math.max(...xs)];
    return spec.lines.map(([label, y]) => ({
      label, type: "line", data: [{ x: from, y }, { x: to, y }], borderColor: color("muted"), borderDash: [4, 4],
      borderWidth: 1.5, pointRadius: 0, fill: false,
    }));
  };

  // Half the smallest distance between two points: the space that the outermost bars need.
  const halfStep = (xs) => {
    const ordered = [...new Set(xs)].sort((one, other) => one - other);
    const steps = ordered.slice(1).map((x, at) => x - ordered[at]);
    return (steps.length ? Math.min(...steps) : 1) / 2;
  };

  // From the first to the last moment; an hour around a single one. By itself Chart.js ignores moments without
  // a value when the other axis has a minimum above 0.
  const timeRange = (xs) => {
    const [min, max] = [Math.min(...xs), Math.max(...xs)];
    return min < max ? { min, max } : { min: min - HOUR, max: max + HOUR };
  };

  const WHISKER_END = 3; // pixels on either side of a whisker

  // The interval of each bar as a line with two ends, above the bar.
  const whiskers = {
    id: "whiskers",
    afterDatasetsDraw(chart) {
      const lying = chart.options.indexAxis === "y";
      const scale = lying ? chart.scales.x : chart.scales.y;
      const path = new Path2D();
      const line = (at, from, to, across) => {
        const [ax, ay, bx, by] = across ? [from, at, to, at] : [at, from, at, to];
        path.moveTo(ax, ay);
        path.lineTo(bx, by);
      };
      for (const meta of chart.getSortedVisibleDatasetMetas()) {
        (chart.data.datasets[meta.index].whiskers || []).forEach((ends, at) => {
          if (ends.includes(null)) return;
          const [low, high] = ends.map((end) => scale.getPixelForValue(end));
          const place = lying ? meta.data[at].y : meta.data[at].x;
          line(place, low, high, lying);
          for (const end of [low, high]) line(end, place - WHISKER_END, place + WHISKER_END, !lying);
        });
      }
      Object.assign(chart.ctx, { strokeStyle: color("ink"), lineWidth: 1.5 });
      chart.ctx.stroke(path);
    },
  };

  // " (1.2 to 1.5)" in the tooltip of a bar with a whisker.
  const intervalText = ({ dataset, dataIndex }, { y }) => {
    const ends = dataset.whiskers?.[dataIndex] || [null];
    return ends.includes(null) ? "" : ` (${ends.map((end) => FORMATS[y.format](end, y)).join(" to ")})`;
  };

  const configOf = (spec) => {
    const x = scaleOf(spec.x, spec.stacked);
    const xs = spec.series.flatMap((series) => series.points.map(([at]) => at));
    if (spec.x.format !== "text" && spec.series.some((series) => series.kind === "bar")) {
      const half = halfStep(xs);
      x.offset = false; // bars would otherwise take more space than they need
      x.min = Math.min(...xs) - half;
      x.max = Math.max(...xs) + half;
    } else if (spec.x.format === "time") {
      Object.assign(x, timeRange(xs));
    }
    if (spec.x.format === "text") x.labels = [...new Set(xs)];
    const y = scaleOf(spec.y, spec.stacked);
    const highs = spec.series.filter((series) => series.kind === "bar").flatMap((series) => series.high || []);
    if (highs.length) y.suggestedMax = Math.max(...highs);
    if (spec.y.logarithmic) Object.assign(y, logRange(spec.series.flatMap((series) => series.points.map(([, value]) => value))));
    return {
      type: "line",
      data: { datasets: [...spec.series.flatMap((series) => datasetsOf(series, spec)), ...lineDatasets(spec)] },
      plugins: [whiskers],
      options: {
        animation: false,
        responsive: true,
        maintainAspectRatio: false,
        indexAxis: spec.horizontal ? "y" : "x",
        interaction: { mode: spec.x.format === "number" ? "nearest" : "index", axis: spec.horizontal ? "y" : "x", intersect: false },
        scales: spec.horizontal ? layDown({ x, y }) : { x, y },
        plugins: {
          legend: {
            display: spec.series.length + spec.lines.length > 1,
            align: "start",
            labels: {
              color: color("ink-2"), boxWidth: 10, boxHeight: 10,
              filter: (item, data) => !data.datasets[item.datasetIndex].band,
            },
          },
          tooltip: {
            filter: (item) => !item.dataset.band,
            callbacks: {
              title: (items) => items.length ? FORMATS[spec.x.format](items[0].parsed.x !== undefined && spec.x.format !== "text" ? items[0].parsed.x : items[0].label, spec.x) : "",
              label: (item) => spec.y.names.length ? spec.y.names[Math.round(item.parsed.y)] : `${item.dataset.label}: ${FORMATS[spec.y.format](spec.horizontal ? item.parsed.x : item.parsed.y, spec.y)}${intervalText(item, spec)}`,
            },
          },
        },
      },
    };
  };

  const drawPlots = (root = document) => {
    for (const [canvas, { chart }] of drawn) {
      if (!canvas.isConnected) { chart.destroy(); drawn.delete(canvas); }
    }
    for (const canvas of root.querySelectorAll(".ws-plot canvas")) {
      if (drawn.has(canvas)) continue;
      const spec = JSON.parse(canvas.closest(".ws-plot").querySelector("script").textContent);
      drawn.set(canvas, { chart: new Chart(canvas, configOf(spec)), spec });
    }
  };

  const redraw = () => {
    for (const [canvas, { chart, spec }] of [...drawn]) {
      chart.destroy();
      drawn.set(canvas, { chart: new Chart(canvas, configOf(spec)), spec });
    }
  };

  document.addEventListener("DOMContentLoaded", () => {
    Chart.defaults.font.family = "Inter, system-ui, sans-serif";
    drawPlots();
    new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ["class"] });
  });

  Object.assign(adminKit, { drawPlots });
})();
