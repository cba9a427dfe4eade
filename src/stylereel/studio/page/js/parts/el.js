// Makes elements. `el("button", { class: "x", onclick, "aria-label": "..." }, "text", child)`
// `on...` are listeners, booleans set or drop an attribute, `vars` sets CSS variables, `data` the dataset.

/** An element with its attributes and children; null, undefined and false children are left out. */
export function el(tag, facts = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(facts)) put(node, name, value);
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

function put(node, name, value) {
  if (value === null || value === undefined) return;
  if (name.startsWith("on")) node.addEventListener(name.slice(2).toLowerCase(), value);
  else if (name === "class") node.className = value;
  else if (name === "data") Object.assign(node.dataset, value);
  else if (name === "vars") for (const [key, text] of Object.entries(value)) node.style.setProperty(key, text);
  else if (name in node && !name.includes("-") && typeof value !== "string") node[name] = value;
  else if (typeof value === "boolean") node.toggleAttribute(name, value);
  else node.setAttribute(name, value);
}

let count = 0;

/** A name for `id`, `for` and `aria-labelledby` that nothing else on the page has. */
export function unique(word = "part") {
  count += 1;
  return `${word}-${count}`;
}

/** Gives `node` a property that is read and set by functions: parts have `.value`, `.disabled`, ... so. */
export function property(node, name, get, set) {
  Object.defineProperty(node, name, { get, set, configurable: true });
}

/** What `quiet` milliseconds pass after, with the last arguments; `.now()` does it at once, `.stop()` never. */
export function later(quiet, act) {
  let timer = 0;
  let last = [];
  const wait = (...given) => {
    last = given;
    clearTimeout(timer);
    timer = setTimeout(() => act(...last), quiet);
  };
  wait.now = () => {
    clearTimeout(timer);
    act(...last);
  };
  wait.stop = () => clearTimeout(timer);
  return wait;
}
