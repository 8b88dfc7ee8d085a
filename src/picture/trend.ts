import { scaleLinear, scalePoint } from "d3-scale";
import { line as curve } from "d3-shape";
import { drawing, element, line, number, type Picture, text } from "./svg.ts";

/** One kind of thing, counted at every step. */
export interface Series {
  label: string;
  values: readonly number[];
}

const SIZE = { width: 640, height: 230, left: 48, right: 120, top: 12, bottom: 30 };
const dashes = [undefined, "6 3", "2 3", "8 3 2 3"];
const GAP = 15;

/** How counts change from step to step. Lines differ by their dashes, and each is named at its end. */
export function trend(title: string, steps: readonly string[], series: readonly Series[]): Picture {
  const most = Math.max(1, ...series.flatMap(({ values }) => values));
  const x = scalePoint(steps, [SIZE.left, SIZE.width - SIZE.right]);
  const y = scaleLinear([0, most], [SIZE.height - SIZE.bottom, SIZE.top]).nice(4);
  const every = Math.ceil(steps.length / 8);
  const axes = [
    ...y
      .ticks(4)
      .filter(Number.isInteger)
      .map(
        (count) =>
          line(SIZE.left, y(count), SIZE.width - SIZE.right, y(count), "grid") +
          text(number(count), { x: SIZE.left - 6, y: y(count) + 4, "text-anchor": "end", class: "quiet-text" }),
      ),
    ...steps.map((step, index) =>
      index % every === 0
        ? text(step, {
            x: x(step) ?? 0,
            y: SIZE.height - SIZE.bottom + 18,
            "text-anchor": "middle",
            class: "quiet-text",
          })
        : "",
    ),
    line(SIZE.left, SIZE.height - SIZE.bottom, SIZE.width - SIZE.right, SIZE.height - SIZE.bottom, "axis"),
  ];
  const ends = apart(series.map(({ values }) => y(values.at(-1) ?? 0)));
  const drawn = series.map(({ label, values }, index) => {
    const path =
      curve<number>(
        (_, step) => x(steps[step]!) ?? 0,
        (count) => y(count),
      )([...values]) ?? "";
    const marks = values.map((count, step) =>
      element("circle", { class: "mark", cx: x(steps[step]!) ?? 0, cy: y(count), r: 2.5 }),
    );
    return (
      element("path", {
        class: "main-line",
        d: path.replaceAll(/\d+\.\d+/g, (one) => Number(one).toFixed(1)),
        "stroke-dasharray": dashes[index % dashes.length],
      }) +
      marks.join("") +
      text(`${label} ${number(values.at(-1) ?? 0)}`, { x: SIZE.width - SIZE.right + 10, y: ends[index]! + 4 })
    );
  });
  return {
    title,
    alternative: series
      .map(
        ({ label, values }) =>
          `${label}: från ${number(values[0] ?? 0)} (${steps[0] ?? ""}) till ${number(values.at(-1) ?? 0)} (${steps.at(-1) ?? ""}), som mest ${number(Math.max(0, ...values))}.`,
      )
      .join(" "),
    svg: drawing(SIZE.width, SIZE.height, title, axes.join("") + drawn.join("")),
    columns: ["När", ...series.map(({ label }) => label)],
    rows: steps.map((step, index) => [step, ...series.map(({ values }) => values[index] ?? 0)]),
    legend: [],
  };
}

/** The same heights, moved as little as keeps their names apart and inside the drawing. */
function apart(heights: readonly number[]): number[] {
  const moved = [...heights];
  const order = heights.map((_, index) => index).toSorted((a, b) => heights[b]! - heights[a]!);
  let below = SIZE.height - SIZE.bottom + GAP;
  for (const index of order) below = moved[index] = Math.min(heights[index]!, below - GAP);
  return moved;
}
