import { scaleLinear } from "d3-scale";
import { atMinute, type Day, dayOf, formatClock, formatDay, HOUR, type Instant, MINUTE } from "#model";
import { drawing, element, hatching, line, listed, type Picture, sign, text } from "./svg.ts";

/** A span of time, as a rule: with one client. */
export interface Stay {
  start: Instant;
  /** Null: it was never ended. */
  end: Instant | null;
  /** Whom it concerns, in few letters. */
  label: string;
}

/** One staff member's day. */
export interface Lane {
  label: string;
  planned: readonly Stay[];
  /** `claimed`: the finding rests on it. */
  registered: ReadonlyArray<Stay & { claimed: boolean }>;
  locks: ReadonlyArray<{ at: Instant; label: string; event: "opened" | "locked" | "failed" }>;
  /** Between two visits: how long the journey takes at least, from the end of the one on. */
  travel: ReadonlyArray<{ start: Instant; minutes: number }>;
  /** When clients of this lane were away. */
  absences: readonly Stay[];
}

const WIDTH = 960;
const LEFT = 110;
const ROW = 22;
const BAR = 16;
/** A visit without an end is drawn this long, with an open end. */
const OPEN = 10 * MINUTE;

const lockWords = { opened: "öppnat", locked: "låst", failed: "misslyckat" } as const;

/** What is in the way of each other stands on rows of its own. Gives the row of each, in order of start. */
function stacked(stays: readonly Stay[]): number[] {
  const ends: number[] = [];
  return stays.map(({ start, end }) => {
    const until = end ?? start + OPEN;
    const free = ends.findIndex((taken) => taken <= start);
    const row = free < 0 ? ends.length : free;
    ends[row] = until;
    return row;
  });
}

const byStart = <T extends { start: Instant }>(stays: readonly T[]): T[] => stays.toSorted((a, b) => a.start - b.start);
const clock = ({ start, end }: Stay): string => `${formatClock(start)}–${end === null ? "?" : formatClock(end)}`;

/** A day as a time line, one lane per staff member. `id` is unique on the page. */
export function dayTimeline(id: string, day: Day, lanes: readonly Lane[]): Picture {
  const moments = lanes.flatMap(({ planned, registered, locks, travel }) => [
    ...[...planned, ...registered].flatMap(({ start, end }) => [start, end ?? start + OPEN]),
    ...locks.map(({ at }) => at),
    ...travel.map(({ start, minutes }) => start + minutes * MINUTE),
  ]);
  const from = moments.length === 0 ? atMinute(day, 7 * 60) : Math.floor(Math.min(...moments) / HOUR) * HOUR;
  const until = moments.length === 0 ? atMinute(day, 22 * 60) : Math.ceil((Math.max(...moments) + 1) / HOUR) * HOUR;
  const x = scaleLinear([from, until], [LEFT, WIDTH - 22]).clamp(true);
  const width = (start: Instant, end: Instant): number => Math.max(2, x(end) - x(start));

  let y = 22;
  const drawn: string[] = [];
  for (const lane of lanes) {
    const top = y;
    y += 6;
    drawn.push(text(lane.label, { x: 0, y: y + 12, "font-weight": 600 }));
    const planned = byStart(lane.planned);
    const plannedRows = stacked(planned);
    planned.forEach((stay, index) => {
      const at = y + plannedRows[index]! * ROW;
      const end = stay.end ?? stay.start + OPEN;
      drawn.push(
        element("rect", {
          class: "outline dashed",
          x: x(stay.start),
          y: at,
          width: width(stay.start, end),
          height: BAR,
          rx: 2,
        }),
        fitted(stay.label, x(stay.start), x(end), at, "quiet-text"),
      );
    });
    if (planned.length > 0) {
      drawn.push(text("planerat", { x: LEFT - 8, y: y + 12, "text-anchor": "end", class: "quiet-text" }));
      y += (Math.max(...plannedRows) + 1) * ROW;
    }

    const registered = byStart(lane.registered);
    const rows = stacked(registered);
    const height = registered.length === 0 ? 0 : (Math.max(...rows) + 1) * ROW;
    for (const { start, minutes } of lane.travel) {
      const place = {
        x: x(start),
        y,
        width: width(start, start + minutes * MINUTE),
        height: Math.max(ROW, height) - 6,
      };
      drawn.push(element("rect", { ...place, fill: `url(#${id}-hatch)` }));
    }
    registered.forEach((stay, index) => {
      const at = y + rows[index]! * ROW;
      const end = stay.end ?? stay.start + OPEN;
      drawn.push(
        element("rect", {
          class: stay.claimed ? "alarm" : "main",
          x: x(stay.start),
          y: at,
          width: width(stay.start, end),
          height: BAR,
          rx: 2,
        }),
        fitted(stay.claimed ? `! ${stay.label}` : stay.label, x(stay.start), x(end), at, "inside"),
      );
      if (stay.end === null) drawn.push(text("?", { x: x(end) + 3, y: at + 12 }));
    });
    if (registered.length > 0) {
      drawn.push(text("registrerat", { x: LEFT - 8, y: y + 12, "text-anchor": "end", class: "quiet-text" }));
      y += height;
    }
    if (lane.locks.length > 0) {
      drawn.push(text("lås", { x: LEFT - 8, y: y + 12, "text-anchor": "end", class: "quiet-text" }));
      for (const { at, event } of lane.locks) drawn.push(lockSign(x(at), y + 8, event));
      y += ROW;
    }
    for (const stay of byStart(lane.absences)) {
      const [start, end] = [Math.max(stay.start, from), Math.min(stay.end ?? until, until)];
      if (end <= start) continue;
      drawn.push(
        line(x(start), y + 8, x(end), y + 8, "outline"),
        line(x(start), y + 3, x(start), y + 13, "outline"),
        line(x(end), y + 3, x(end), y + 13, "outline"),
        text(`${stay.label} borta`, { x: x(start) + 6, y: y + 5, class: "quiet-text", "font-size": 10 }),
      );
      y += ROW;
    }
    y = Math.max(y, top + ROW + 6);
    drawn.push(line(0, y, WIDTH, y, "grid"));
  }
  const grid: string[] = [];
  const step = until - from > 12 * HOUR ? 2 * HOUR : HOUR;
  for (let at = from; at <= until; at += step) {
    grid.push(line(x(at), 18, x(at), y, "grid"));
    grid.push(text(formatClock(at), { x: x(at), y: 12, "text-anchor": "middle", class: "quiet-text" }));
  }
  return {
    title: `Dagen ${formatDay(day)}`,
    alternative: alternativeOf(lanes),
    svg: drawing(
      WIDTH,
      y + 4,
      `Tidslinje för ${formatDay(day)}`,
      hatching(`${id}-hatch`) + grid.join("") + drawn.join(""),
    ),
    columns: ["Personal", "Vad", "Tid", "Brukare"],
    rows: lanes.flatMap(rowsOf),
    legend: legendOf(id, lanes),
  };
}

/** A label only where there is room for it: the table has them all. */
function fitted(label: string, from: number, until: number, y: number, className: string): string {
  return until - from < label.length * 6.5 + 6 ? "" : text(label, { x: from + 4, y: y + 12, class: className });
}

function lockSign(x: number, y: number, event: "opened" | "locked" | "failed"): string {
  if (event === "failed") return element("path", { class: "alarm-line", d: `M${x - 4},${y - 4}l8,8m0,-8l-8,8` });
  // Up opens, down locks.
  const d = event === "opened" ? `M${x},${y - 5}l5,9h-10z` : `M${x},${y + 5}l5,-9h-10z`;
  return element("path", { class: "mark", d });
}

const counted = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

function alternativeOf(lanes: readonly Lane[]): string {
  if (lanes.length === 0) return "Ingenting är planerat eller registrerat.";
  return lanes
    .map(({ label, planned, registered, locks, travel }) => {
      const claimed = registered.filter((stay) => stay.claimed);
      const facts = [
        counted(registered.length, "registrerat besök", "registrerade besök"),
        counted(planned.length, "planerat", "planerade"),
        ...(locks.length > 0 ? [counted(locks.length, "låshändelse", "låshändelser")] : []),
        ...(travel.length > 0 ? [counted(travel.length, "resa", "resor")] : []),
      ];
      const about =
        claimed.length === 0
          ? ""
          : ` Fyndet gäller ${listed.format(byStart(claimed).map((stay) => `${clock(stay)} hos ${stay.label}`))}.`;
      return `${label}: ${listed.format(facts)}.${about}`;
    })
    .join(" ");
}

function rowsOf({ label, planned, registered, locks, travel, absences }: Lane): string[][] {
  const rows: Array<{ at: Instant; cells: string[] }> = [
    ...planned.map((stay) => ({ at: stay.start, cells: ["Planerat", clock(stay), stay.label] })),
    ...registered.map((stay) => ({
      at: stay.start,
      cells: [stay.claimed ? "Registrerat, fyndet gäller det" : "Registrerat", clock(stay), stay.label],
    })),
    ...locks.map(({ at, event, label: whose }) => ({ at, cells: [`Lås ${lockWords[event]}`, formatClock(at), whose] })),
    ...travel.map(({ start, minutes }) => ({
      at: start,
      cells: ["Resa, minst", `${Math.ceil(minutes)} min från ${formatClock(start)}`, "–"],
    })),
    ...absences.map((stay) => ({ at: stay.start, cells: ["Brukaren borta", absenceClock(stay), stay.label] })),
  ];
  return rows.toSorted((a, b) => a.at - b.at).map(({ cells }) => [label, ...cells]);
}

const absenceClock = ({ start, end }: Stay): string => {
  const told = (at: Instant): string => `${formatDay(dayOf(at))} ${formatClock(at)}`;
  return `${told(start)} – ${end === null ? "tills vidare" : told(end)}`;
};

function legendOf(id: string, lanes: readonly Lane[]): Picture["legend"] {
  const has = (part: (lane: Lane) => number): boolean => lanes.some((lane) => part(lane) > 0);
  const bar = (className: string): string =>
    sign(element("rect", { class: className, x: 1, y: 2, width: 22, height: 12, rx: 2 }));
  return [
    ...(has(({ planned }) => planned.length) ? [{ svg: bar("outline dashed"), text: "Planerat" }] : []),
    ...(has(({ registered }) => registered.length) ? [{ svg: bar("main"), text: "Registrerat" }] : []),
    ...(has(({ registered }) => registered.filter(({ claimed }) => claimed).length)
      ? [{ svg: bar("alarm"), text: "! Registrerat, fyndet gäller det" }]
      : []),
    ...(has(({ travel }) => travel.length)
      ? [
          {
            svg: sign(element("rect", { x: 1, y: 2, width: 22, height: 12, fill: `url(#${id}-hatch)` })),
            text: "Resan tar minst så lång tid",
          },
        ]
      : []),
    ...(has(({ locks }) => locks.length)
      ? [
          { svg: sign(lockSign(12, 8, "opened")), text: "Lås öppnat" },
          { svg: sign(lockSign(12, 8, "locked")), text: "Lås låst" },
        ]
      : []),
    ...(has(({ locks }) => locks.filter(({ event }) => event === "failed").length)
      ? [{ svg: sign(lockSign(12, 8, "failed")), text: "Låsförsök som misslyckades" }]
      : []),
  ];
}
