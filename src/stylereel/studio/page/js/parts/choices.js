import { el, property, unique } from "./el.js";
import { icon } from "./icon.js";

/** A labelled select. options: [{value, label}]. `.value`, `.options = [...]`, `.disabled`, `.hint`. */
export function select({ label, options = [], value, hint = "", onChange, inline = false }) {
  const id = unique("select");
  const input = el("select", { id, onchange: () => onChange?.(input.value) });
  const hinted = el("p", { class: "hint", hidden: !hint }, hint);
  const node = el("div", { class: `field select${inline ? " inline" : ""}` },
    el("label", { for: id }, label), el("span", { class: "select-box" }, input, icon("down", 16)), hinted);
  property(node, "value", () => input.value, (next) => {
    input.value = next ?? "";
  });
  property(node, "options", () => options, (next) => {
    const kept = input.value;
    options = next;
    input.replaceChildren(...next.map((one) => el("option", { value: String(one.value) }, one.label)));
    if (next.some((one) => String(one.value) === kept)) input.value = kept;
  });
  property(node, "disabled", () => input.disabled, (next) => {
    input.disabled = next;
    node.classList.toggle("off", next);
  });
  property(node, "hint", () => hinted.textContent, (next) => {
    hinted.textContent = next;
    hinted.hidden = !next;
  });
  node.options = options;
  if (value !== undefined) node.value = value;
  return node;
}

/** A switch with its label and an explanation. `.value` is true or false. */
export function toggle({ label, value = false, hint = "", onChange }) {
  const id = unique("toggle");
  const input = el("button", {
    type: "button", role: "switch", class: "switch", "aria-labelledby": id, "aria-checked": String(value),
    onclick: () => flip(),
  }, el("i"));
  const node = el("div", { class: "field toggle" },
    el("span", { class: "toggle-text" }, el("span", { id, class: "label", onclick: () => flip() }, label), hint ? el("span", { class: "hint" }, hint) : null), input);
  const flip = () => {
    if (input.disabled) return;
    node.value = !node.value;
    onChange?.(node.value);
  };
  property(node, "value", () => input.getAttribute("aria-checked") === "true", (next) => input.setAttribute("aria-checked", String(Boolean(next))));
  property(node, "disabled", () => input.disabled, (next) => {
    input.disabled = next;
    node.classList.toggle("off", next);
  });
  return node;
}

/** A few choices side by side, one taken: radio buttons by their meaning. `.value`. */
export function segmented({ label, options, value, onChange }) {
  const name = unique("segment");
  const inputs = options.map((one) => el("input", {
    type: "radio", name, value: String(one.value), class: "unseen", onchange: () => onChange?.(node.value),
  }));
  const node = el("div", { class: "segmented", role: "radiogroup", "aria-label": label },
    options.map((one, index) => el("label", { title: one.title ?? null }, inputs[index], el("span", {}, one.label))));
  property(node, "value", () => inputs.find((one) => one.checked)?.value ?? "", (next) => {
    for (const one of inputs) one.checked = one.value === String(next);
  });
  property(node, "disabled", () => inputs[0].disabled, (next) => {
    for (const one of inputs) one.disabled = next;
    node.classList.toggle("off", next);
  });
  if (value !== undefined) node.value = value;
  return node;
}

/** A labelled text or number field. `.value`, `.error = text` (said to screen readers), `.input`. */
export function field({ label, value = "", type = "text", hint = "", placeholder = "", onChange, onInput, after = null, ...more }) {
  const id = unique("field");
  const input = el("input", {
    id, type, placeholder, autocomplete: "off", spellcheck: "false", "aria-describedby": `${id}-hint`,
    onchange: () => onChange?.(input.value), oninput: () => onInput?.(input.value), ...more,
  });
  const hinted = el("p", { class: "hint", id: `${id}-hint`, "aria-live": "polite" });
  const node = el("div", { class: "field" }, el("label", { for: id }, label), el("div", { class: "row" }, input, after), hinted);
  const show = (error) => {
    node.classList.toggle("wrong", Boolean(error));
    input.setAttribute("aria-invalid", String(Boolean(error)));
    hinted.textContent = error || hint;
    hinted.hidden = !hinted.textContent;
  };
  property(node, "value", () => input.value, (next) => {
    input.value = next;
  });
  property(node, "error", () => (node.classList.contains("wrong") ? hinted.textContent : ""), show);
  property(node, "disabled", () => input.disabled, (next) => {
    input.disabled = next;
    node.classList.toggle("off", next);
  });
  node.input = input;
  node.value = value;
  show("");
  return node;
}
