import { el, property } from "./el.js";
import { icon } from "./icon.js";

/**
 * Two pictures on each other with an edge between: `before` lies left of it, `after` right.
 * The edge follows the pointer and the arrow keys (Shift: in larger steps; Home and End: to the sides).
 * `before`, `after`: elements (img, canvas, video). `.value` is the share of `before`, 0 to 1; `onChange(value)`.
 */
export function wipe({ before, after, value = 0.5, label = "Before and after", onChange, names = ["Before", "After"] }) {
  const handle = el("div", {
    class: "wipe-handle", role: "slider", tabIndex: 0, "aria-label": label, "aria-valuemin": "0", "aria-valuemax": "100", "aria-orientation": "horizontal",
  }, el("span", { class: "wipe-knob" }, icon("swap", 18)));
  const left = el("span", { class: "wipe-name left" }, names[0]);
  const right = el("span", { class: "wipe-name right" }, names[1]);
  const node = el("div", { class: "wipe" }, el("div", { class: "wipe-after" }, after), el("div", { class: "wipe-before" }, before), left, right, handle);
  let now = value;

  const show = (next) => {
    now = Math.max(0, Math.min(1, next));
    node.style.setProperty("--at", `${100 * now}%`);
    handle.setAttribute("aria-valuenow", String(Math.round(100 * now)));
    handle.setAttribute("aria-valuetext", `${Math.round(100 * now)} % ${names[0].toLowerCase()}`);
    node.classList.toggle("all-before", now > 0.995);
    node.classList.toggle("all-after", now < 0.005);
    left.hidden = now < 0.12;
    right.hidden = now > 0.88;
  };
  const move = (next) => {
    show(next);
    onChange?.(now);
  };
  const at = (event) => {
    const box = node.getBoundingClientRect();
    return (event.clientX - box.left) / box.width;
  };
  node.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    node.setPointerCapture(event.pointerId);
    handle.focus({ preventScroll: true });
    move(at(event));
  });
  node.addEventListener("pointermove", (event) => {
    if (node.hasPointerCapture(event.pointerId)) move(at(event));
  });
  handle.addEventListener("keydown", (event) => {
    const step = event.shiftKey ? 0.1 : 0.02;
    const to = { ArrowLeft: now - step, ArrowDown: now - step, ArrowRight: now + step, ArrowUp: now + step, PageUp: now + 0.1, PageDown: now - 0.1, Home: 0, End: 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    move(to);
  });
  property(node, "value", () => now, show);
  show(value);
  return node;
}
