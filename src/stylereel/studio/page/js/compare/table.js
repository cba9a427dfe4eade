// What was measured, in words and figures: a headline, a row for each metric, what was left out, and the reports.

import { el } from "../parts/el.js";
import { button } from "../parts/button.js";
import { dialog } from "../parts/dialog.js";
import { icon } from "../parts/icon.js";
import { tabs } from "../parts/tabs.js";
import { plural } from "../parts/format.js";

/** The comparison of a job that is done. */
export function measured({ shell, job }) {
  const told = job.comparison;
  const table = el("table", { class: "metrics" },
    el("caption", { class: "unseen" }, `Metrics of ${told.names.join(" and ")}`),
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Metric"), told.names.map((name, index) => el("th", { scope: "col", class: "number", title: name }, el("span", { class: "side-mark" }, "AB"[index]))))),
    el("tbody", {}, told.rows.map(row)));
  return el("div", { class: "measured" },
    el("dl", { class: "sides" }, told.names.flatMap((name, index) => [el("dt", {}, el("span", { class: "side-mark" }, "AB"[index])), el("dd", { class: "cut", title: name }, name)])),
    el("p", { class: "headline" }, told.headline), table,
    el("p", { class: "meta" }, `Over ${plural(told.frames, "frame")}. ${told.notices.filter((text) => !/^The first/.test(text)).join(" ")}`),
    told.left_out.length ? el("details", { class: "more" }, el("summary", {}, icon("right", 16), "Not measured"), el("ul", { class: "said" }, told.left_out.map((one) => el("li", {}, `${one.title}: ${one.why}`)))) : null,
    button({ label: "Open the full report", icon: "info", onclick: () => report({ shell, job }) }));
}

function row(one) {
  const mark = (index) => one.best.length && one.best.length < one.cells.length && one.best.includes(index);
  return el("tr", {},
    el("th", { scope: "row" }, el("span", { class: "metric-title" }, one.title), el("span", { class: "meta" }, one.question), el("span", { class: "unseen" }, ` ${one.says}`)),
    one.cells.map((cell, index) => el("td", { class: `number ${cell.verdict}${mark(index) ? " best" : ""}`, title: `${cell.verdict}; good is ${one.good}, ${one.direction}` },
      el("span", { class: "cell-figure" }, cell.text), el("span", { class: "cell-word" }, mark(index) ? `${cell.verdict}, better` : cell.verdict))));
}

/** The evaluate report of each side, in frames that can run nothing. */
function report({ shell, job }) {
  const page = (side, name) => el("iframe", { class: "report", title: `Report of ${name}`, sandbox: "", loading: "lazy", referrerPolicy: "no-referrer", src: shell.api.address(`jobs/${job.id}/report`, { of: side }) });
  const names = job.comparison.names;
  const halves = tabs({ label: "Reports", tabs: ["a", "b"].map((side, index) => ({ id: side, label: names[index], panel: page(side, names[index]) })) });
  dialog({ title: "Report", body: halves, kind: "report-window" });
}
