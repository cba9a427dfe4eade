import { el } from "./el.js";
import { icon } from "./icon.js";

/** What stands where nothing is yet, and what to do about it. */
export function empty({ icon: name = "info", title, text = "", actions = [] }) {
  return el("div", { class: "empty" }, icon(name, 32), el("h2", {}, title), text ? el("p", { class: "muted" }, text) : null,
    actions.length ? el("div", { class: "row" }, actions) : null);
}
