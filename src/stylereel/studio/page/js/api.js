// The studio's API: one function for each address. A failure is an `ApiError` that says what failed and what to do.

const BASE = new URL("api/", document.baseURI);
const AWAY = ["The studio does not answer.", "Is it still running? Look at the terminal it was started in; this page goes on by itself."];

/** What the server (or the way to it) refused: `.message`, `.hint`, `.status` (0: not reached). */
export class ApiError extends Error {
  constructor(text, hint = "", status = 0) {
    super(text);
    this.name = "ApiError";
    this.hint = hint;
    this.status = status;
  }
}

/** The address of something below /api, with a query whose empty values are left out; a list gives its key again and again. */
export function address(path, query = {}) {
  const url = new URL(path, BASE);
  for (const [key, value] of Object.entries(query)) {
    if (Array.isArray(value)) for (const one of value) url.searchParams.append(key, String(one));
    else if (value !== null && value !== undefined && value !== "" && value !== false) url.searchParams.set(key, value === true ? "true" : String(value));
  }
  return url.href;
}

/** An answer with its errors turned into `ApiError`. */
export async function ask(path, { query, method = "GET", body, signal, blob = false } = {}) {
  const answer = await reached(address(path, query), {
    method, signal, credentials: "same-origin",
    headers: body === undefined ? {} : { "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (!answer.ok) throw problem(answer.status, await answer.text());
  if (blob) return { blob: await answer.blob(), headers: answer.headers };
  return answer.status === 204 ? null : readable(await answer.text());
}

async function reached(url, how) {
  try {
    return await fetch(url, how);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(...AWAY);
  }
}

const readable = (text) => (text ? JSON.parse(text) : null);

function problem(status, text) {
  let told = null;
  try {
    told = JSON.parse(text).error;
  } catch { /* not ours: a proxy's page, or nothing */ }
  if (told?.text) return new ApiError(told.text, told.hint ?? "", status);
  return new ApiError(`The studio answered ${status} without an explanation.`, "Try again; if it stays so, look at the terminal it was started in.", status);
}

const id = encodeURIComponent;

export const api = {
  address, ask,
  about: () => ask("about"),
  media: () => ask("media").then((answer) => answer.media),
  medium: (one) => ask(`media/${id(one)}`),
  remove: (one) => ask(`media/${id(one)}`, { method: "DELETE" }),
  removeAll: () => ask("media", { method: "DELETE" }),
  looks: () => ask("looks").then((answer) => answer.looks),
  jobs: () => ask("jobs").then((answer) => answer.jobs ?? answer),
  job: (one) => ask(`jobs/${id(one)}`),
  start: (wanted) => ask("jobs", { method: "POST", body: wanted }),
  cancel: (one) => ask(`jobs/${id(one)}/cancel`, { method: "POST" }),
  stop: (one) => ask(`jobs/${id(one)}/stop`, { method: "POST" }),
  resume: (one) => ask(`jobs/${id(one)}/resume`, { method: "POST" }),
  keep: (one) => ask(`jobs/${id(one)}/keep`, { method: "POST" }),
  removeJob: (one) => ask(`jobs/${id(one)}`, { method: "DELETE" }),

  file: (one, download = false) => address(`media/${id(one)}/file`, { download: download ? 1 : null }),
  frame: (one, t, side) => address(`media/${id(one)}/frame`, { t: time(t), side }),
  lookPicture: (look) => address(`looks/${id(look)}/picture`),
  jobPreview: (one, version = "") => address(`jobs/${id(one)}/preview`, { v: version }),
  jobReport: (one) => address(`jobs/${id(one)}/report`),
  socket: (path, query) => address(path, query).replace(/^http/, "ws"),

  /** A source frame as a blob. */
  frameBlob: (one, { t, side }, signal) => ask(`media/${id(one)}/frame`, { query: { t: time(t), side }, signal, blob: true }),
  /** A frame in a look, as {blob, headers}; wanted: {t, look, mix, share, strength, keep_colors, side, quality}. */
  preview: (one, wanted, signal) => ask(`media/${id(one)}/preview`, { query: { ...wanted, t: time(wanted.t) }, signal, blob: true }),
  gallery,
  upload,
};

const time = (t) => (t === undefined || t === null ? null : Number(t).toFixed(4));

/** One moment in every look, each as soon as it is painted: yields {look, picture: data URL} or {look, problem}. */
async function* gallery(one, wanted, signal) {
  const answer = await reached(address(`media/${id(one)}/gallery`, { ...wanted, t: time(wanted.t) }), { signal, credentials: "same-origin" });
  if (!answer.ok) throw problem(answer.status, await answer.text());
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read().catch((error) => {
      throw error.name === "AbortError" ? error : new ApiError(...AWAY);
    });
    const lines = (rest + (value ?? "")).split("\n");
    rest = done ? "" : lines.pop();
    for (const line of lines) if (line.trim()) yield JSON.parse(line);
    if (done) return;
  }
}

/** Sends a file; `onProgress(sent, total)`. Returns {done: Promise of Media, cancel()}. */
function upload(file, onProgress) {
  const request = new XMLHttpRequest();
  const done = new Promise((resolve, reject) => {
    request.open("POST", address("media", { name: file.name }));
    request.setRequestHeader("content-type", "application/octet-stream");
    request.upload.addEventListener("progress", (event) => onProgress?.(event.loaded, event.total || file.size));
    request.upload.addEventListener("load", () => onProgress?.(file.size, file.size));
    request.addEventListener("load", () => {
      if (request.status >= 200 && request.status < 300) resolve(JSON.parse(request.responseText));
      else reject(problem(request.status, request.responseText));
    });
    request.addEventListener("error", () => reject(new ApiError(`"${file.name}" was not sent: the studio closed the connection.`, "Is it still running? It also refuses files that are larger than its limit.")));
    request.addEventListener("abort", () => reject(new DOMException("cancelled", "AbortError")));
    request.send(file);
  });
  return { done, cancel: () => request.abort() };
}
