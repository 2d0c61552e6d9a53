/** Keeps an asset in the cache, and updates it when a page asks. Bundle it: workers have no import maps. */
import { fetchUpdate } from "rsync-streams/http";

const ASSET = new URL("asset", self.location.href).href;

async function update(url) {
  const cache = await caches.open("assets");
  const cached = await cache.match(ASSET);
  const { readable, stats } = await fetchUpdate(url, await cached?.blob());
  // The Cache API refuses a 206. What it gets is the whole file as a 200, and if the stream errors the old one stays.
  await cache.put(ASSET, new Response(readable, { headers: { "Content-Type": "application/octet-stream" } }));
  return `${stats.bytesIn} bytes came for ${stats.bytesOut}`;
}

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("message", (event) => {
  const [port] = event.ports;
  const answer = (text) => port.postMessage(text);
  event.waitUntil(update(event.data).then(answer, (error) => answer(error.message)));
});
self.addEventListener("fetch", (event) => {
  if (event.request.url === ASSET) event.respondWith(caches.match(ASSET).then((cached) => cached ?? Response.error()));
});
