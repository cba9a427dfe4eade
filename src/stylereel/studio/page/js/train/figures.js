// Losses in words: a sentence, a verdict, a small line of its course. The few that tell most first, the rest on demand.

import { el } from "../parts/el.js";
import { icon } from "../parts/icon.js";
import { sparkline } from "../parts/sparkline.js";

const FIRST = ["generator/filters", "generator/palette", "generator/nce", "generator/tone", "generator/motion", "generator/real_motion", "discriminator/adversarial", "generator/cycle"];
const MOST_FIRST = 6;
const GROUPS = { look: "The look", keeps: "What is kept", calm: "In motion", game: "Critic and painter", codes: "Looks among others", other: "Other figures" };
const SIGNS = { good: "check", watch: "warning" };
const VERDICTS = { good: "good", steady: "as it was", watch: "look at this", early: "too early to say" };

/** `draw(terms)`. */
export function figures() {
  const list = el("div", { class: "figures" });
  const rest = el("div", { class: "figures" });
  const more = el("details", { class: "more" }, el("summary", {}, icon("right", 16), "Every figure"), rest);
  const node = el("section", { class: "run-figures", "aria-label": "How it stands", hidden: true }, el("h3", {}, "How it stands"), list, more);
  const rows = new Map();

  node.draw = (terms) => {
    node.hidden = !terms.length;
    const first = FIRST.filter((key) => terms.some((term) => term.key === key)).slice(0, MOST_FIRST);
    for (const [key, row] of rows) if (!terms.some((term) => term.key === key)) {
      row.remove();
      rows.delete(key);
    }
    for (const term of terms) {
      if (!rows.has(term.key)) rows.set(term.key, figure(term));
      rows.get(term.key).draw(term);
    }
    place(list, first.map((key) => rows.get(key)));
    const others = terms.filter((term) => !first.includes(term.key));
    more.hidden = !others.length;
    const heads = new Set();
    place(rest, others.flatMap((term) => {
      const row = rows.get(term.key);
      if (heads.has(term.role)) return [row];
      heads.add(term.role);
      return [head(term.role), row];
    }));
  };
  const titles = new Map();
  const head = (role) => {
    if (!titles.has(role)) titles.set(role, el("h4", { class: "meta" }, GROUPS[role] ?? role));
    return titles.get(role);
  };
  return node;
}

function place(root, wanted) {
  wanted.forEach((node, index) => {
    if (root.children[index] !== node) root.insertBefore(node, root.children[index] ?? null);
  });
  while (root.children.length > wanted.length) root.lastElementChild.remove();
}

function figure(term) {
  const sign = el("span", { class: "figure-sign" });
  const says = el("p");
  const line = sparkline();
  const node = el("div", { class: "figure", title: term.asks }, sign, says, line);
  let drawn = "";
  node.draw = (next) => {
    if (drawn !== next.verdict) {
      drawn = next.verdict;
      node.dataset.verdict = next.verdict;
      sign.replaceChildren(SIGNS[next.verdict] ? icon(SIGNS[next.verdict], 16) : el("i"), el("span", { class: "unseen" }, `${VERDICTS[next.verdict]}: `));
    }
    if (says.textContent !== next.says) says.textContent = next.says;
    line.draw(next.points);
  };
  return node;
}
