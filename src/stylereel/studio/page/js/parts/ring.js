import { el, property } from "./el.js";

const NS = "http://www.w3.org/2000/svg";
const RADIUS = 44;
const ROUND = 2 * Math.PI * RADIUS;

function circle(kind) {
  const node = document.createElementNS(NS, "circle");
  for (const [name, value] of Object.entries({ cx: 50, cy: 50, r: RADIUS, fill: "none", "stroke-width": 7, class: kind })) node.setAttribute(name, String(value));
  return node;
}

/** Progress as a ring with a text inside. `.fraction` 0 to 1, or null where it is not known; `.text`, `.sub`, `.label`. */
export function ring({ label = "Progress", text = "", sub = "" } = {}) {
  const svg = document.createElementNS(NS, "svg");
  svg.setAttribute("viewBox", "0 0 100 100");
  svg.setAttribute("aria-hidden", "true");
  const fill = circle("ring-fill");
  fill.setAttribute("stroke-dasharray", String(ROUND));
  fill.setAttribute("stroke-linecap", "round");
  svg.append(circle("ring-track"), fill);
  const big = el("strong", {}, text);
  const small = el("span", {}, sub);
  const node = el("div", { class: "ring", role: "progressbar", "aria-label": label, "aria-valuemin": "0", "aria-valuemax": "100" }, svg, el("div", { class: "ring-text" }, big, small));
  let now = null;
  property(node, "fraction", () => now, (next) => {
    now = next ?? null;
    node.classList.toggle("unknown", now === null);
    const share = Math.max(0, Math.min(1, now ?? 0.2));
    fill.setAttribute("stroke-dashoffset", String(ROUND * (1 - share)));
    fill.toggleAttribute("hidden", share === 0);
    if (now === null) node.removeAttribute("aria-valuenow");
    else node.setAttribute("aria-valuenow", String(Math.round(100 * share)));
    node.setAttribute("aria-valuetext", [big.textContent, small.textContent].filter(Boolean).join(" "));
  });
  property(node, "text", () => big.textContent, (next) => { big.textContent = next; });
  property(node, "sub", () => small.textContent, (next) => { small.textContent = next; });
  property(node, "label", () => node.getAttribute("aria-label"), (next) => node.setAttribute("aria-label", next));
  node.fraction = null;
  return node;
}
