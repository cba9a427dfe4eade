import { el, property, unique } from "./el.js";

/**
 * A labelled slider with its value beside it. Double-click on it and Home set it back to `reset`.
 * `onInput(value)` while it moves, `onChange(value)` when it rests. `.value`, `.disabled`, `.max`, `.hint`.
 */
export function slider({ label, min = 0, max = 1, step = 0.01, value, reset = value, format = String, hint = "", onInput, onChange }) {
  const id = unique("slider");
  const input = el("input", {
    type: "range", id, min: String(min), max: String(max), step: String(step), "aria-describedby": `${id}-hint`,
    title: `Double-click or Home: back to ${format(reset)}`,
  });
  const shown = el("output", { class: "slider-value", for: id });
  const hinted = el("p", { class: "hint", id: `${id}-hint` }, hint);
  const node = el("div", { class: "field slider" },
    el("div", { class: "field-head" }, el("label", { for: id }, label), shown), input, hinted);

  const show = () => {
    const now = Number(input.value);
    shown.textContent = format(now);
    input.setAttribute("aria-valuetext", format(now));
    input.style.setProperty("--fill", `${(100 * (now - input.min)) / (input.max - input.min || 1)}%`);
    hinted.hidden = !hinted.textContent;
  };
  const set = (next) => {
    input.value = String(next);
    show();
    onInput?.(Number(input.value));
    onChange?.(Number(input.value));
  };
  input.addEventListener("input", () => {
    show();
    onInput?.(Number(input.value));
  });
  input.addEventListener("change", () => onChange?.(Number(input.value)));
  input.addEventListener("dblclick", () => set(reset));
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Home") return;
    event.preventDefault();
    set(reset);
  });
  property(node, "value", () => Number(input.value), (next) => {
    input.value = String(next);
    show();
  });
  property(node, "disabled", () => input.disabled, (next) => {
    input.disabled = next;
    node.classList.toggle("off", next);
  });
  property(node, "max", () => Number(input.max), (next) => {
    input.max = String(next);
    show();
  });
  property(node, "hint", () => hinted.textContent, (next) => {
    hinted.textContent = next;
    show();
  });
  node.value = value;
  return node;
}

/** 0.7 as "70 %". */
export const percent = (value) => `${Math.round(value * 100)} %`;
