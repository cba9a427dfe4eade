// The looks as a filmstrip: each card shows its look on this video at this moment, filled one after another.

import { filmstrip } from "../parts/filmstrip.js";
import { later } from "../parts/el.js";
import { CLIENT, groupsOf } from "./choice.js";

const CARD_SIDE = 240;

/** `show(medium, t)` fills the cards anew when time has rested. */
export function gallery({ shell, onSelect }) {
  const node = filmstrip({ label: "Looks", onSelect });
  let wanted = null;
  let drawn = "";
  let turn = 0;
  let control = new AbortController();

  const build = () => {
    const looks = shell.state.looks;
    const shape = JSON.stringify(looks.map((one) => one.id));
    if (shape === drawn) return;
    drawn = shape;
    node.groups = groupsOf(looks);
    restart.now();
  };
  // From the chosen one outwards: what is in sight comes first.
  const order = () => {
    const ids = [...node.cards.keys()];
    const at = Math.max(0, ids.indexOf(node.value));
    return ids.map((id, index) => [id, Math.abs(index - at)]).sort(([, a], [, b]) => a - b).map(([id]) => id);
  };
  const fill = async () => {
    const mine = ++turn;
    control.abort();
    control = new AbortController();
    if (!wanted) return;
    let filled = 0;
    node.filled = 0;
    try {
      for await (const line of shell.api.gallery(wanted.medium.id, { t: wanted.t, side: CARD_SIDE, client: CLIENT, look: order() }, control.signal)) {
        if (mine !== turn) return;
        const card = node.card(line.look);
        if (!card) continue;
        if (line.picture) card.picture = line.picture;
        card.stale = false;
        card.note = line.problem ? "Cannot be used" : "";
        card.title = line.problem ?? "";
        filled += 1;
        node.filled = filled / node.cards.size;
      }
    } catch (error) {
      // Where the studio is away, the bar at the top says so.
      if (error.name !== "AbortError" && error.status !== 0 && mine === turn) shell.fail(error, "The looks could not be shown on this file.");
    }
    if (mine !== turn) return;
    node.filled = 1;
    for (const card of node.cards.values()) card.stale = false;
  };
  const restart = later(350, fill);
  const clear = () => {
    for (const card of node.cards.values()) card.picture = null;
  };
  const ends = [shell.state.subscribe("looks", build)];
  build();
  return Object.assign(node, {
    show(medium, t) {
      const isOther = wanted?.medium.id !== medium?.id;
      wanted = medium ? { medium, t } : null;
      if (isOther) {
        clear();
        restart.now();
        return;
      }
      for (const card of node.cards.values()) card.stale = Boolean(card.picture);
      restart();
    },
    close() {
      turn += 1;
      control.abort();
      restart.stop();
      clear();
      for (const end of ends) end();
    },
  });
}
