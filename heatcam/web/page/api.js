// Requests to the server this page came from. Addresses are relative, so that the service may live under a path.

/** The server refused: `message` says what is wrong and what to do next. */
export class Refused extends Error {
  constructor(status, detail, retryAfter) {
    super(detail);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/** The server does not answer. */
export class Unreachable extends Error {
  constructor() {
    super("The server does not answer. Check that heatcam serve still runs; the page tries again by itself.");
  }
}

export const address = (path) => new URL(path, document.baseURI);

/**
 * Send a request.
 *
 * Throws `Refused`, `Unreachable`, or the AbortError of `signal`. A refusal for want of a token is told to the page too, by the
 * event `signed-out`.
 */
export async function send(path, { method = "GET", json, body, signal } = {}) {
  const headers = json === undefined ? {} : { "Content-Type": "application/json" };
  let answer;
  try {
    const content = json === undefined ? body : JSON.stringify(json);
    answer = await fetch(address(path), { method, headers, body: content, signal, credentials: "same-origin" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Unreachable();
  }
  if (answer.ok) return answer;
  if (answer.status === 401 && path !== "session") window.dispatchEvent(new Event("signed-out"));
  throw await refusal(answer);
}

/** Send a request and return the JSON of its answer; null for an empty one. */
export async function ask(path, options) {
  const answer = await send(path, options);
  return answer.status === 204 ? null : answer.json();
}

/** Fetch a file and let the browser save it under the name that the server gives. */
export async function download(path, name) {
  const answer = await send(path);
  const said = /filename="?([^";]+)/.exec(answer.headers.get("Content-Disposition") ?? "");
  saveFile(await answer.blob(), name ?? said?.[1] ?? "heatcam");
}

/** Let the browser save a file. */
export function saveFile(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

async function refusal(answer) {
  const retryAfter = Number(answer.headers.get("Retry-After")) || null;
  let detail = `The server answered ${answer.status} ${answer.statusText}`.trim();
  try {
    detail = (await answer.json()).detail ?? detail;
  } catch {
    // An error that is no problem document, from a proxy: its status is all there is.
  }
  return new Refused(answer.status, String(detail), retryAfter);
}
