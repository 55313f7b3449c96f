// What this page keeps for itself between visits; the live view's settings are the server's.

const PREFIX = "heatcam.";

/** Return what was kept under a name, or `otherwise`. */
export function recall(name, otherwise) {
  try {
    const kept = JSON.parse(localStorage.getItem(PREFIX + name));
    return kept === null ? otherwise : kept;
  } catch {
    return otherwise;
  }
}

/** Keep a value that JSON has; without storage nothing is kept. */
export function remember(name, value) {
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // A full or forbidden storage costs the page nothing but its memory.
  }
}
