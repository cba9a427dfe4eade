// What was measured, in words and figures: a headline, a row for each metric, what was left out, and the reports.

import { el } from "../parts/el.js";
import { button } from "../parts/button.js";
import { dialog } from "../parts/dialog.js";
import { icon } from "../parts/icon.js";
import { tabs } from "../parts/tabs.js";
import { plural } from "../parts/format.js";

const SIDES = ["a", "b"];

/** The comparison of a job that is done; `isFlipped`: its second result stands left. */
export function measured({ shell, job, isFlipped = false }) {
  const turn = (list) => (isFlipped ? [...list].reverse() : list);
  const told = { ...job.comparison, names: turn(job.comparison.names), better: turn(job.comparison.better), rows: job.comparison.rows.map((one) => ({ ...one, cells: turn(one.cells), best: one.best.map((index) => (isFlipped ? 1 - index : index)) })) };
  const table = el("table", { class: "metrics" },
    el("caption", { class: "unseen" }, `Metrics of ${told.names.join(" and ")}`),
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Metric"), told.names.map((name, index) => el("th", { scope: "col", class: "number", title: name }, el("span", { class: "side-mark" }, "AB"[index]))))),
    el("tbody", {}, told.rows.map(row)));
  return el("div", { class: "measured" },
    el("dl", { class: "sides" }, told.names.flatMap((name, index) => [el("dt", {}, el("span", { class: "side-mark" }, "AB"[index])), el("dd", {}, el("strong", { class: "cut", title: name }, name), el("span", {}, wins(told.better[index])))])), table,
    el("p", { class: "meta" }, `Over ${plural(told.frames, "frame")}. ${told.notices.filter((text) => !/^The first/.test(text)).join(" ")}`),
    told.left_out.length ? el("details", { class: "more" }, el("summary", {}, icon("right", 16), "Not measured"), el("ul", { class: "said" }, told.left_out.map((one) => el("li", {}, `${one.title}: ${one.why}`)))) : null,
    button({ label: "Open the full report", icon: "info", onclick: () => report({ shell, job, names: told.names, sides: turn(SIDES) }) }));
}

const wins = (does) => (does.length ? `${does.slice(0, -1).join(", ")}${does.length > 1 ? " and " : ""}${does.at(-1)}` : "is ahead in none of these figures");

function row(one) {
  const mark = (index) => one.best.length && one.best.length < one.cells.length && one.best.includes(index);
  return el("tr", {},
    el("th", { scope: "row" }, el("span", { class: "metric-title" }, one.title), el("span", { class: "meta" }, one.cells.some((cell) => / \/255$/.test(cell.text)) ? `${one.question} In levels of 255.` : one.question), el("span", { class: "unseen" }, ` ${one.says}`)),
    one.cells.map((cell, index) => el("td", { class: `number ${cell.verdict}${mark(index) ? " best" : ""}`, title: `${cell.verdict}; good is ${one.good}, ${one.direction}` },
      el("span", { class: "cell-figure" }, mark(index) ? icon("check", 14) : null, cell.text.replace(/ x$/, "×").replace(/ \/255$/, "")), el("span", { class: "cell-word" }, cell.verdict, mark(index) ? el("span", { class: "unseen" }, ", better") : null))));
}

/** The evaluate report of each side, in frames that can run nothing. */
function report({ shell, job, names, sides }) {
  const page = (side, name) => el("iframe", { class: "report", title: `Report of ${name}`, sandbox: "", loading: "lazy", referrerPolicy: "no-referrer", src: shell.api.address(`jobs/${job.id}/report`, { of: side }) });
  const halves = tabs({ label: "Reports", tabs: sides.map((side, index) => ({ id: side, label: names[index], panel: page(side, names[index]) })) });
  dialog({ title: "Report", body: halves, kind: "report-window" });
}
