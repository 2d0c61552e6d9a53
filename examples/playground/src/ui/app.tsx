/** The page. */
import { useState } from "preact/hooks";
import { InspectTab } from "./inspect_tab.tsx";
import { PairTab } from "./pair_tab.tsx";
import { UrlTab } from "./url_tab.tsx";

const TABS = [
  { name: "pair", label: "Compare two files", Content: PairTab },
  { name: "url", label: "Update from a URL", Content: UrlTab },
  { name: "inspect", label: "Open a signature or delta", Content: InspectTab },
] as const;

/** Tabs that keep their state. */
export function App() {
  const [current, setCurrent] = useState(0);
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    const next = (current + step + TABS.length) % TABS.length;
    setCurrent(next);
    document.getElementById(`tab-${TABS[next]!.name}`)?.focus();
  };
  return (
    <>
      <header>
        <h1>rsync-streams, seen at work</h1>
        <p>
          A file is updated from a newer one, and only what changed crosses the wire. Everything runs in this page:
          nothing that you open leaves your device.
        </p>
      </header>
      <main>
        <div role="tablist" aria-label="What to do" onKeyDown={onKeyDown}>
          {TABS.map(({ name, label }, i) => (
            <button
              key={name}
              type="button"
              role="tab"
              id={`tab-${name}`}
              aria-selected={i === current}
              aria-controls={`panel-${name}`}
              tabIndex={i === current ? 0 : -1}
              onClick={() => setCurrent(i)}
            >
              {label}
            </button>
          ))}
        </div>
        {TABS.map(({ name, Content }, i) => (
          <div
            key={name}
            role="tabpanel"
            id={`panel-${name}`}
            aria-labelledby={`tab-${name}`}
            hidden={i !== current}
          >
            <Content />
          </div>
        ))}
      </main>
      <footer class="quiet">
        <a href="licences.txt">Licences</a> of the code in this page
      </footer>
    </>
  );
}
