const NS = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT, EDGE] = [72, 24, 2];

/** The course of a figure as a small line, its last value as a dot; decoration: the sentence beside it says it. `draw(points)`. */
export function sparkline() {
  const svg = document.createElementNS(NS, "svg");
  for (const [name, value] of Object.entries({ viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, height: HEIGHT, "aria-hidden": "true", class: "sparkline" })) svg.setAttribute(name, String(value));
  const line = document.createElementNS(NS, "polyline");
  const dot = document.createElementNS(NS, "circle");
  dot.setAttribute("r", "2.2");
  svg.append(line, dot);
  svg.draw = (points) => {
    const shown = smooth(points);
    svg.toggleAttribute("hidden", shown.length < 2);
    if (shown.length < 2) return;
    const low = Math.min(...shown);
    const high = Math.max(...shown);
    const span = Math.max(high - low, Math.abs(high) * 0.02, 1e-9); // what hardly moves is drawn as hardly moving
    const middle = (high + low) / 2;
    const at = shown.map((value, index) => [
      EDGE + (index / (shown.length - 1)) * (WIDTH - 2 * EDGE - 2),
      HEIGHT / 2 - ((value - middle) / span) * (HEIGHT - 2 * EDGE - 2),
    ]);
    line.setAttribute("points", at.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" "));
    const [x, y] = at[at.length - 1];
    dot.setAttribute("cx", x.toFixed(1));
    dot.setAttribute("cy", y.toFixed(1));
  };
  return svg;
}

// Losses jump from batch to batch: each point is the mean with its neighbours.
function smooth(points) {
  return points.map((_, index) => {
    const near = points.slice(Math.max(0, index - 1), index + 2);
    return near.reduce((sum, value) => sum + value, 0) / near.length;
  });
}
