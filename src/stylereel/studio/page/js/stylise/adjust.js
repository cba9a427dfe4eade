// The panel's first half: which look, and how.

import { el } from "../parts/el.js";
import { percent, slider } from "../parts/slider.js";
import { select, toggle } from "../parts/choices.js";
import { lookOf, packTitle, partners } from "./choice.js";

/** `draw(medium)` shows what is chosen. */
export function adjust({ shell, choice }) {
  const title = el("h2");
  const text = el("p", { class: "muted" });
  const license = el("p", { class: "meta license" });
  const strength = slider({ label: "Strength", value: 1, format: percent, onInput: (value) => choice.set({ strength: value }) });
  const mix = select({ label: "Mix with", onChange: (value) => choice.set({ mix: value }) });
  const share = slider({ label: "Share", value: 0.5, format: percent, onInput: (value) => choice.set({ share: value }) });
  const colors = toggle({ label: "Keep colours", hint: "Light and brushwork of the look, colours of the source", onChange: (value) => choice.set({ colors: value }) });
  const steady = slider({ label: "Stabilise", value: 0, step: 0.05, reset: 0, format: (value) => (value ? percent(value) : "Off"), onInput: (value) => choice.set({ steady: value }) });
  const node = el("div", { class: "adjust" }, el("div", { class: "look-facts" }, title, text, license), strength, colors, mix, share, steady);

  node.draw = (medium) => {
    const { now } = choice;
    const { looks } = shell.state;
    const look = lookOf(now, looks);
    const others = partners(look, looks);
    const other = others.find((one) => one.id === now.mix);
    title.textContent = look?.title ?? "No look is installed";
    text.textContent = look?.description ?? "";
    license.textContent = look ? [look.license, look.credit].filter(Boolean).join(" · ") : "";
    strength.value = now.strength;
    colors.value = now.colors;
    mix.options = [{ value: "", label: others.length ? "Nothing" : "This look stands alone" }, ...others.map((one) => ({ value: one.id, label: one.title }))];
    mix.value = other?.id ?? "";
    mix.disabled = !others.length;
    share.hidden = !other;
    share.value = now.share;
    if (other) share.querySelector("label").textContent = `Share of ${other.title}`;
    mix.hint = look && !others.length && looks.some((one) => one.mixes) ? `Looks of ${packTitle(looks.find((one) => one.mixes).pack)} can be mixed.` : "";
    steady.hidden = medium?.kind !== "video";
    steady.value = now.steady;
    steady.hint = now.steady ? "Less flicker from frame to frame. Seen in motion: play 3 s." : "";
  };
  return node;
}
