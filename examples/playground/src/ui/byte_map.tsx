/** The map of a target, with the basis beneath. */
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { describe, summarize } from "../map/describe.ts";
import { paint, PICTURE_HEIGHT } from "../map/paint.ts";
import { pan, regionAt, reveal, type View, zoom } from "../map/view.ts";
import { bytes, count } from "../numbers.ts";
import type { Regions } from "../protocol.ts";
import { RegionTable } from "./region_table.tsx";
import { useDark, useWidth } from "./use_page.ts";

interface Properties {
  regions: Regions;
  basisLength: number;
  targetLength: number;
}

const ZOOM_STEP = 2;

/** The map, and how to move in it: keys, pointer and buttons. */
export function ByteMap({ regions, basisLength, targetLength }: Properties) {
  const [view, setView] = useState<View>({ start: 0, end: targetLength });
  const [selected, setSelected] = useState(-1);
  const isDark = useDark();
  const canvas = useRef<HTMLCanvasElement>(null);
  const width = useWidth(canvas);
  const dragged = useRef<number>(undefined);

  useLayoutEffect(() => {
    setView({ start: 0, end: targetLength });
    setSelected(-1);
  }, [regions, targetLength]);

  useEffect(() => {
    const element = canvas.current;
    if (!element || width === 0) return;
    const ratio = devicePixelRatio;
    element.width = Math.round(width * ratio);
    element.height = Math.round(PICTURE_HEIGHT * ratio);
    const context = element.getContext("2d")!;
    context.scale(ratio, ratio);
    paint(context, width, { regions, basisLength, view, selected, isDark });
  }, [regions, basisLength, view, selected, isDark, width]);

  const zoomBy = useCallback((factor: number, at?: number) => {
    setView((old) => zoom(old, targetLength, factor, at ?? centerOf(old, regions, selected)));
  }, [regions, targetLength, selected]);

  const select = (region: number) => {
    const chosen = Math.min(Math.max(region, 0), regions.offsets.length - 1);
    setSelected(chosen);
    setView((old) => reveal(old, targetLength, regions.offsets[chosen]!, regions.lengths[chosen]!));
  };

  const keys: Record<string, () => void> = {
    ArrowRight: () => select(selected + 1),
    ArrowLeft: () => select(selected - 1),
    Home: () => select(0),
    End: () => select(regions.offsets.length - 1),
    "+": () => zoomBy(ZOOM_STEP),
    "=": () => zoomBy(ZOOM_STEP),
    "-": () => zoomBy(1 / ZOOM_STEP),
    "0": () => setView({ start: 0, end: targetLength }),
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const action = keys[event.key];
    if (!action || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    action();
  };

  const offsetAt = (x: number) => view.start + x / width * (view.end - view.start);
  const pointAt = (x: number) => setSelected(Math.min(regionAt(regions, offsetAt(x)), regions.offsets.length - 1));
  const onPointerMove = (event: PointerEvent) => {
    const from = dragged.current;
    if (from === undefined) return pointAt(event.offsetX);
    dragged.current = event.offsetX;
    setView((old) => pan(old, targetLength, (from - event.offsetX) / width * (old.end - old.start)));
  };
  const onPointerDown = (event: PointerEvent) => {
    pointAt(event.offsetX); // a finger does not move before
    dragged.current = event.offsetX;
    (event.currentTarget as Element).setPointerCapture(event.pointerId);
  };
  const onPointerLeave = ({ pointerType }: PointerEvent) => {
    if (pointerType === "mouse") setSelected(-1); // a finger has left too, and wants to read
  };
  const onWheel = (event: WheelEvent) => {
    if (!event.ctrlKey) return; // the page scrolls
    event.preventDefault();
    zoomBy(event.deltaY < 0 ? 1.25 : 0.8, offsetAt(event.offsetX));
  };

  if (targetLength === 0) return <p>The target is empty.</p>;
  const description = selected < 0
    ? "Point at the map, or focus it and press the arrow keys, to see what a region is."
    : describe(regions, selected);
  return (
    <figure class="map">
      <figcaption>
        <strong>The target</strong>, above, is made of pieces of <strong>the basis</strong>, beneath:{" "}
        {summarize(regions)}.
        {regions.grain > 0 && ` Regions shorter than ${bytes(Math.ceil(regions.grain))} are joined.`}
        <Legend />
      </figcaption>
      <div
        class="canvas"
        role="application"
        tabIndex={0}
        aria-label={`Map of the target: ${summarize(regions)}`}
        aria-describedby="map-keys"
        onKeyDown={onKeyDown}
        onPointerMove={onPointerMove}
        onPointerDown={onPointerDown}
        onPointerUp={() => dragged.current = undefined}
        onPointerCancel={() => dragged.current = undefined}
        onPointerLeave={onPointerLeave}
        onDblClick={(event) => zoomBy(ZOOM_STEP, offsetAt(event.offsetX))}
        onWheel={onWheel}
      >
        <canvas ref={canvas} style={{ height: `${PICTURE_HEIGHT}px` }} />
      </div>
      <div class="row between">
        <span class="quiet">{count(view.start)}</span>
        <span class="quiet">{count(view.end)}</span>
      </div>
      <p class="selection" role="status">{description}</p>
      <div class="row">
        <button type="button" onClick={() => zoomBy(ZOOM_STEP)}>Zoom in</button>
        <button type="button" onClick={() => zoomBy(1 / ZOOM_STEP)}>Zoom out</button>
        <button type="button" onClick={() => setView({ start: 0, end: targetLength })}>All</button>
        <button type="button" onClick={() => select(selected - 1)}>Previous region</button>
        <button type="button" onClick={() => select(selected + 1)}>Next region</button>
      </div>
      <p id="map-keys" class="quiet">
        Keys: arrows for regions, + and − to zoom, 0 for all. Drag to move; Ctrl and the wheel, or a double click, zoom.
      </p>
      <RegionTable regions={regions} view={view} />
    </figure>
  );
}

function centerOf(view: View, regions: Regions, selected: number): number {
  const middle = selected < 0 ? NaN : regions.offsets[selected]! + regions.lengths[selected]! / 2;
  return middle >= view.start && middle <= view.end ? middle : (view.start + view.end) / 2;
}

function Legend() {
  return (
    <ul class="legend">
      <li>
        <span class="swatch scale" /> copied: the colour is its place in the basis, from start to end
      </li>
      <li>
        <span class="swatch literal" /> literals: new bytes
      </li>
      <li>
        <span class="swatch unused" /> in the basis: not used
      </li>
    </ul>
  );
}
