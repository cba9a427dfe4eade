import { el, unique } from "./el.js";
import { button } from "./button.js";

/** A window over the page, with a title; Escape and a click beside it close it. Returns the `<dialog>`, shown. */
export function dialog({ title, body = [], actions = [], kind = "", onClose }) {
  const id = unique("dialog");
  const node = el("dialog", { class: `dialog ${kind}`, "aria-labelledby": id },
    el("header", {}, el("h2", { id, class: "cut" }, title), button({ label: "Close", icon: "close", only: true, kind: "quiet", onclick: () => node.close() })),
    el("div", { class: "dialog-body" }, body), actions.length ? el("footer", {}, actions) : null);
  node.addEventListener("close", () => {
    node.remove();
    onClose?.();
  });
  node.addEventListener("pointerdown", (event) => {
    if (event.target === node) node.close();
  });
  document.body.append(node);
  node.showModal();
  return node;
}

/** Asks; resolves to true or false. `yes` names what is done ("Delete everything"), `danger` colours it. */
export function confirm(text, { title = "Are you sure?", yes = "Yes", no = "Cancel", danger = false } = {}) {
  return new Promise((resolve) => {
    let answer = false;
    const keep = button({ label: no, onclick: () => node.close() });
    const go = button({ label: yes, kind: danger ? "danger" : "primary", onclick: () => {
      answer = true;
      node.close();
    } });
    const node = dialog({ title, body: el("p", {}, text), actions: [keep, go], kind: "small", onClose: () => resolve(answer) });
    (danger ? keep : go).focus();
  });
}
