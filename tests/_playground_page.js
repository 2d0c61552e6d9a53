/** Functions that run in the page. They are sent there as text, so they stand alone. */

/** Drops files on an element. */
export function dropFiles({ selector, files }) {
  const dataTransfer = new DataTransfer();
  for (const { name, text } of files) dataTransfer.items.add(new File([text], name));
  const event = new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true });
  document.querySelector(selector).dispatchEvent(event);
}

/** Makes a large file of random bytes on disk, and one with moved parts and an insertion; drops both. */
export async function dropLargePair(mebibytes) {
  const folder = await navigator.storage.getDirectory();
  const handle = await folder.getFileHandle("basis", { create: true });
  const writable = await handle.createWritable();
  const piece = new Uint8Array(2 ** 20);
  for (let i = 0; i < mebibytes; i++) {
    for (let at = 0; at < piece.length; at += 65_536) crypto.getRandomValues(piece.subarray(at, at + 65_536));
    await writable.write(piece);
  }
  await writable.close();
  const basis = await handle.getFile();
  const third = Math.floor(basis.size / 3);
  const parts = [basis.slice(third, 2 * third), "inserted", basis.slice(0, third), basis.slice(2 * third)];
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(basis);
  dataTransfer.items.add(new File(parts, "target"));
  document.body.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
}

/** How many pixels of the page are beyond its right edge. */
export function overflow() {
  return document.documentElement.scrollWidth - innerWidth;
}

/**
 * The names of what the page keeps.
 *
 * @returns {Promise<string[]>}
 */
export async function keptFiles() {
  const names = [];
  const root = await (await navigator.storage.getDirectory()).getDirectoryHandle("playground");
  for await (const folder of root.values()) {
    for await (const name of folder.keys()) names.push(name);
  }
  return names;
}

/** What axe finds wrong, a line for each element. axe is on the page. */
export async function violations() {
  const { violations } = await axe.run();
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => {
      return `${id}: ${target}: ${failureSummary}`;
    })
  );
}

/** Lets half a second go by before each frame and each timer, as on a machine that is busy. */
export function slowDown() {
  const setTimer = setTimeout;
  const requestFrame = requestAnimationFrame;
  const LATE_MS = 500;
  globalThis.setTimeout = (work, ms = 0, ...values) => setTimer(work, ms + LATE_MS, ...values);
  globalThis.requestAnimationFrame = (work) => requestFrame((now) => setTimer(() => work(now), LATE_MS));
}
