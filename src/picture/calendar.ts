import { scaleQuantize } from "d3-scale";
import { type Day, daysOfMonth, formatDay, mondayOf, type Month, weekdayOf } from "#model";
import { drawing, element, hatching, hours, listed, number, type Picture, sign, text } from "./svg.ts";

/** What a client's day held. */
export interface ClientDay {
  day: Day;
  visits: number;
  minutes: number;
  away: boolean;
  /** A finding is about the day. */
  claimed: boolean;
}

const CELL = { width: 76, height: 52 };
const LEFT = 46;
const TOP = 22;
const weekdays = ["mån", "tis", "ons", "tor", "fre", "lör", "sön"];

/** A client's month: the darker the day, the more time. Days away are hatched, days with a finding have a corner. */
export function calendarHeat(id: string, title: string, month: Month, days: readonly ClientDay[]): Picture {
  const { first, last } = daysOfMonth(month);
  const known = new Map(days.map((one) => [one.day, one]));
  const most = Math.max(1, ...days.map(({ minutes }) => minutes));
  const heat = scaleQuantize([0, most], [1, 2, 3, 4]);
  const start = mondayOf(first);
  const rows = Math.ceil((last - start + 1) / 7);
  const all = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  const drawn = all.map((day) => {
    const x = LEFT + ((day - start) % 7) * CELL.width;
    const y = TOP + Math.floor((day - start) / 7) * CELL.height;
    const one = known.get(day);
    const shade = one === undefined || one.minutes <= 0 ? 0 : heat(one.minutes);
    const inside = { x: x + 1, y: y + 1, width: CELL.width - 2, height: CELL.height - 2, rx: 2 };
    const words = one === undefined || one.minutes <= 0 ? "" : hours(one.minutes);
    return [
      element("rect", { class: `heat-${shade}`, ...inside }),
      one?.away === true ? element("rect", { ...inside, fill: `url(#${id}-hatch)` }) : "",
      one?.away === true
        ? element("rect", { class: "heat-0", x: x + 5, y: y + CELL.height - 20, width: 44, height: 15 }) +
          text("borta", { x: x + 10, y: y + CELL.height - 8 })
        : "",
      text(String(Number(formatDay(day).slice(8))), {
        x: x + 8,
        y: y + 17,
        class: `heat-${shade}-text`,
        "font-weight": 600,
      }),
      words === "" || one?.away === true
        ? ""
        : text(words, { x: x + 8, y: y + CELL.height - 9, class: `heat-${shade}-text`, "font-size": 11 }),
      one?.claimed === true
        ? element("path", { class: "mark", d: `M${x + CELL.width - 22},${y + 1}h21v21z` }) +
          text("!", { x: x + CELL.width - 9, y: y + 13, "font-weight": 700, "text-anchor": "middle" })
        : "",
    ].join("");
  });
  const weeks = Array.from({ length: rows }, (_, row) =>
    text(`v. ${isoWeek(start + row * 7)}`, { x: 0, y: TOP + row * CELL.height + 18, class: "quiet-text" }),
  );
  const heads = weekdays.map((name, index) =>
    text(name, { x: LEFT + index * CELL.width + 8, y: 14, class: "quiet-text" }),
  );
  const claimed = days.filter((one) => one.claimed).map(({ day }) => Number(formatDay(day).slice(8)));
  const away = days.filter((one) => one.away).length;
  const visits = days.reduce((sum, one) => sum + one.visits, 0);
  return {
    title,
    alternative: [
      `${number(visits)} besök under ${days.filter((one) => one.visits > 0).length} dagar, ${hours(days.reduce((sum, { minutes }) => sum + minutes, 0))}.`,
      ...(away > 0 ? [`Borta ${away} ${away === 1 ? "dag" : "dagar"}.`] : []),
      ...(claimed.length > 0 ? [`Fynd gäller den ${listed.format(claimed.map(String))}.`] : []),
    ].join(" "),
    svg: drawing(
      LEFT + 7 * CELL.width,
      TOP + rows * CELL.height + 2,
      title,
      hatching(`${id}-hatch`) + heads.join("") + weeks.join("") + drawn.join(""),
    ),
    columns: ["Dag", "Besök", "Tid", "Att veta"],
    rows: all.map((day) => {
      const one = known.get(day);
      const about = [...(one?.away === true ? ["borta"] : []), ...(one?.claimed === true ? ["fynd"] : [])];
      return [
        `${weekdays[weekdayOf(day) - 1]} ${formatDay(day)}`,
        one?.visits ?? 0,
        hours(one?.minutes ?? 0),
        about.join(", ") || null,
      ];
    }),
    legend: [
      {
        svg: sign(
          [1, 2, 3, 4]
            .map((shade) => element("rect", { class: `heat-${shade}`, x: (shade - 1) * 6, y: 2, width: 6, height: 12 }))
            .join(""),
        ),
        text: `Mindre till mer tid, som mest ${hours(most)}`,
      },
      ...(away > 0
        ? [
            {
              svg: sign(element("rect", { x: 1, y: 2, width: 22, height: 12, fill: `url(#${id}-hatch)` })),
              text: "Borta",
            },
          ]
        : []),
      ...(claimed.length > 0
        ? [{ svg: sign(element("path", { class: "mark", d: "M4,2h16v12z" })), text: "! Fynd" }]
        : []),
    ],
  };
}

/** Week of ISO 8601: the week of the year's first Thursday is the first. */
export function isoWeek(monday: Day): number {
  const thursday = monday + 3;
  const year = formatDay(thursday).slice(0, 4);
  const { first } = daysOfMonth(`${year}-01`);
  return Math.floor((thursday - first) / 7) + 1;
}
