import { el, property } from "./el.js";
import { icon } from "./icon.js";

/**
 * A button, or a link that looks like one where `href` is given.
 * kind: "primary" (one in sight), "plain", "quiet" (no frame), "danger". With `icon` and no visible text give `label` and `only: true`.
 * `.busy = true` shows a spinner and takes no click; `.label = text` changes the text.
 */
export function button({ label, icon: name, kind = "plain", only = false, small = false, href, download, onclick, title, ...more }) {
  const text = el("span", { class: only ? "unseen" : "button-text" }, label);
  const node = el(href ? "a" : "button", {
    class: `button ${kind}${only ? " only" : ""}${small ? " small" : ""}`,
    ...(href ? { href, download: download ?? null } : { type: "button" }),
    title: title ?? (only ? label : null), onclick, ...more,
  }, name ? icon(name, small ? 16 : 18) : null, text);
  property(node, "label", () => text.textContent, (value) => {
    text.textContent = value;
    if (only) node.title = value;
  });
  property(node, "icon", () => name, (value) => {
    name = value;
    node.querySelector(".icon")?.replaceWith(icon(value, small ? 16 : 18));
  });
  property(node, "busy", () => node.getAttribute("aria-busy") === "true", (value) => {
    node.setAttribute("aria-busy", String(value));
    node.disabled = value;
  });
  return node;
}
