import { el, property } from "./el.js";

/** A bar. `.fraction` from 0 to 1, or null where nobody knows yet how long it takes; `.label` is said with it. */
export function progress({ fraction = null, label = "Progress", slim = false } = {}) {
  const fill = el("i");
  const node = el("div", { class: `progress${slim ? " slim" : ""}`, role: "progressbar", "aria-label": label, "aria-valuemin": "0", "aria-valuemax": "100" }, fill);
  let now = fraction;
  const show = (next) => {
    now = next;
    node.classList.toggle("unknown", next === null || next === undefined);
    if (next === null || next === undefined) {
      node.removeAttribute("aria-valuenow");
      return;
    }
    const share = Math.max(0, Math.min(1, next));
    node.setAttribute("aria-valuenow", String(Math.round(100 * share)));
    node.style.setProperty("--done", `${100 * share}%`);
  };
  property(node, "fraction", () => now, show);
  property(node, "label", () => node.getAttribute("aria-label"), (next) => node.setAttribute("aria-label", next));
  show(fraction);
  return node;
}

/** A small turning ring. */
export function spinner(label = "Working") {
  return el("span", { class: "spinner", role: "img", "aria-label": label });
}

/** Shows `node` only where something takes longer than `quiet` milliseconds: `wait(true)` and `wait(false)`. */
export function patient(node, quiet = 200) {
  let timer = 0;
  node.hidden = true;
  return (busy) => {
    clearTimeout(timer);
    if (!busy) node.hidden = true;
    else if (node.hidden) timer = setTimeout(() => { node.hidden = false; }, quiet);
  };
}
