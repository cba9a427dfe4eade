import { el, property, unique } from "./el.js";

/** Tabs over panels; arrow keys go between tabs. tabs: [{id, label, panel}]. `.value` is the id that is shown. */
export function tabs({ label, tabs: given, value = given[0].id, onChange }) {
  const name = unique("tabs");
  const heads = given.map((one) => el("button", {
    type: "button", role: "tab", class: "tab", id: `${name}-${one.id}`, "aria-controls": `${name}-${one.id}-panel`,
    onclick: () => choose(one.id),
  }, one.label));
  const panels = given.map((one) => el("div", {
    role: "tabpanel", class: "tab-panel", id: `${name}-${one.id}-panel`, "aria-labelledby": `${name}-${one.id}`,
  }, one.panel));
  const list = el("div", { class: "tab-list", role: "tablist", "aria-label": label }, heads);
  const node = el("div", { class: "tabs" }, list, panels);
  let now = "";

  const show = (id) => {
    now = id;
    given.forEach((one, index) => {
      const on = one.id === id;
      heads[index].setAttribute("aria-selected", String(on));
      heads[index].tabIndex = on ? 0 : -1;
      panels[index].hidden = !on;
    });
  };
  const choose = (id) => {
    if (id === now) return;
    show(id);
    onChange?.(id);
  };
  list.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = (given.findIndex((one) => one.id === now) + step + given.length) % given.length;
    choose(given[next].id);
    heads[next].focus();
  });
  property(node, "value", () => now, show);
  show(value);
  return node;
}
