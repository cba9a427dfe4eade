import { el } from "./el.js";
import { button } from "./button.js";
import { icon } from "./icon.js";

const ICONS = { info: "info", done: "check", error: "warning" };

/**
 * Messages in a corner. kind: "info", "done" (both go after a while) or "error" (stays until it is closed).
 * `hint` says what to do, `actions` are buttons. Returns a function that takes it away.
 */
export function toaster(root) {
  const polite = el("div", { class: "unseen", role: "status" });
  const urgent = el("div", { class: "unseen", role: "alert" });
  document.body.append(polite, urgent);
  return (text, kind = "info", { hint = "", actions = [], seconds = kind === "error" ? 0 : 6 } = {}) => {
    const same = [...root.children].find((one) => one.dataset.text === text);
    same?.remove();
    const close = () => {
      node.remove();
      clearTimeout(timer);
    };
    const node = el("div", { class: `toast ${kind}`, data: { text } },
      icon(ICONS[kind] ?? "info", 20),
      el("div", { class: "toast-body" }, el("p", { class: "toast-text" }, text), hint ? el("p", { class: "toast-hint" }, hint) : null, actions.length ? el("div", { class: "row" }, actions) : null),
      button({ label: "Close this message", icon: "close", only: true, kind: "quiet", small: true, onclick: close }));
    const timer = seconds ? setTimeout(close, 1000 * seconds) : 0;
    root.append(node);
    while (root.children.length > 4) root.firstElementChild.remove();
    (kind === "error" ? urgent : polite).textContent = hint ? `${text} ${hint}` : text;
    return close;
  };
}
