import { el, property, unique } from "./el.js";
import { button } from "./button.js";
import { patient, progress } from "./progress.js";

/**
 * A picture with a title below, to choose one of many. `.picture = url | null` (null: a calm placeholder),
 * `.note` a word on the picture, `.marked` for a second choice.
 */
export function card({ title, sub = "", note = "", ratio = 16 / 9 }) {
  const img = el("img", { alt: "", hidden: true, draggable: false });
  const noted = el("span", { class: "card-note", hidden: !note }, note);
  const node = el("button", { type: "button", class: "card", role: "radio", "aria-checked": "false", tabIndex: -1, vars: { "--ratio": String(ratio) } },
    el("span", { class: "card-picture" }, img, noted),
    el("span", { class: "card-title cut" }, title), sub ? el("span", { class: "card-sub cut" }, sub) : null);
  property(node, "picture", () => img.src, (url) => {
    img.hidden = !url;
    if (url) img.src = url;
    else img.removeAttribute("src");
  });
  property(node, "note", () => noted.textContent, (text) => {
    noted.textContent = text;
    noted.hidden = !text;
  });
  property(node, "stale", () => node.classList.contains("stale"), (old) => node.classList.toggle("stale", old));
  return node;
}

/**
 * Cards in a row that scrolls sideways, in groups: [{title, hint, items: [{value, ...card facts}]}].
 * One tab stop; arrow keys choose. `.filled` shows how many pictures are there. `.value`, `.card(value)`, `.cards` (Map), `.groups = [...]`.
 */
export function filmstrip({ label, groups = [], onSelect }) {
  const strip = el("div", { class: "strip", role: "radiogroup", "aria-label": label });
  const back = button({ label: "Scroll back", icon: "left", only: true, kind: "glass", tabIndex: -1, "aria-hidden": "true", onclick: () => scroll(-1) });
  const on = button({ label: "Scroll on", icon: "right", only: true, kind: "glass", tabIndex: -1, "aria-hidden": "true", onclick: () => scroll(1) });
  const bar = progress({ label: `${label}: pictures`, slim: true });
  const waits = patient(bar, 300);
  const node = el("div", { class: "filmstrip" }, strip, back, on, bar);
  let cards = new Map();
  let now = null;

  const scroll = (way) => strip.scrollBy({ left: way * strip.clientWidth * 0.8, behavior: "smooth" });
  const ends = () => {
    back.hidden = strip.scrollLeft < 4;
    on.hidden = strip.scrollLeft + strip.clientWidth > strip.scrollWidth - 4;
  };
  const mark = (value) => {
    now = value;
    const values = [...cards.keys()];
    const stop = cards.has(value) ? value : values[0];
    for (const [key, one] of cards) {
      one.setAttribute("aria-checked", String(key === value));
      one.tabIndex = key === stop ? 0 : -1;
    }
  };
  const show = (value) => cards.get(value)?.scrollIntoView({ block: "nearest", inline: "nearest", behavior: "smooth" });
  const choose = (value) => {
    mark(value);
    show(value);
    onSelect?.(value);
  };
  const build = (next) => {
    cards = new Map();
    strip.replaceChildren(...next.map((group) => {
      const id = unique("group");
      return el("div", { class: "strip-group", role: "group", "aria-labelledby": id },
        el("p", { class: "strip-head", id }, el("strong", {}, group.title), group.hint ? ` ${group.hint}` : ""),
        el("div", { class: "strip-row" }, group.items.map(({ value, ...facts }) => {
          const one = card(facts);
          one.addEventListener("click", () => choose(value));
          cards.set(value, one);
          return one;
        })));
    }));
    mark(now);
    requestAnimationFrame(ends);
  };
  strip.addEventListener("keydown", (event) => {
    const values = [...cards.keys()];
    const at = values.findIndex((value) => cards.get(value) === document.activeElement);
    const to = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: values.length - 1 }[event.key];
    if (to === undefined || at < 0) return;
    event.preventDefault();
    const value = values[Math.max(0, Math.min(values.length - 1, to))];
    cards.get(value).focus({ preventScroll: true });
    choose(value);
  });
  strip.addEventListener("scroll", ends, { passive: true });
  new ResizeObserver(ends).observe(strip);
  property(node, "value", () => now, (value) => {
    mark(value);
    show(value);
  });
  property(node, "cards", () => cards, () => {});
  property(node, "groups", () => groups, build);
  // How much of the pictures is there, 0 to 1; 1 takes the bar away.
  property(node, "filled", () => bar.fraction, (share) => {
    bar.fraction = share;
    node.classList.toggle("filling", share < 1);
    strip.setAttribute("aria-busy", String(share < 1));
    waits(share < 1);
  });
  node.card = (value) => cards.get(value);
  build(groups);
  return node;
}
