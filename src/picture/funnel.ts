import { scaleLinear } from "d3-scale";
import { line as curve } from "d3-shape";
import { drawing, element, line, number, percent, type Picture, sign, text } from "./svg.ts";

/** How often something happened among so many. */
export interface FunnelPoint {
  label: string;
  events: number;
  of: number;
  /** The one that is compared with its peers. */
  chosen: boolean;
}

const SIZE = { width: 640, height: 330, left: 60, right: 20, top: 14, bottom: 48 };
// Of those that are like the others, 1 of 20 and 1 of 500 stand outside (normal approximation of the binomial).
const limits = [
  { z: 1.96, words: "95 %", dashed: true },
  { z: 3.09, words: "99,8 %", dashed: false },
] as const;

/**
 * A provider against its peers: small ones vary more by chance, so what is usual narrows to the right. Who stands
 * outside differs by more than chance; why, the picture does not say.
 */
export function funnelPlot(title: string, of: string, points: readonly FunnelPoint[]): Picture {
  const counted = points.filter((point) => point.of > 0);
  const [events, all] = counted.reduce(([a, b], point) => [a + point.events, b + point.of], [0, 0]);
  const mean = all === 0 ? 0 : events / all;
  const most = Math.max(10, ...counted.map((point) => point.of)) * 1.08;
  const spread = (n: number): number => Math.sqrt((mean * (1 - mean)) / n);
  const shares = counted.map((point) => point.events / point.of);
  const highest = Math.min(1, Math.max(0.02, mean + limits[1].z * spread(most / 3), ...shares) * 1.15);
  const x = scaleLinear([0, most], [SIZE.left, SIZE.width - SIZE.right]);
  const y = scaleLinear([0, highest], [SIZE.height - SIZE.bottom, SIZE.top]).clamp(true);
  const steps = Array.from({ length: 80 }, (_, index) => (most * (index + 1)) / 80);
  const limit = (z: number, dashed: boolean): string =>
    [1, -1]
      .map((side) => {
        const path = curve<number>(
          (n) => x(n),
          (n) => y(Math.max(0, mean + side * z * spread(n))),
        )(steps);
        return element("path", {
          class: dashed ? "outline dashed" : "outline",
          d: (path ?? "").replaceAll(/\d+\.\d+/g, (one) => Number(one).toFixed(1)),
        });
      })
      .join("");
  const axes = [
    ...y
      .ticks(5)
      .map(
        (share) =>
          line(SIZE.left, y(share), SIZE.width - SIZE.right, y(share), "grid") +
          text(percent(share), { x: SIZE.left - 6, y: y(share) + 4, "text-anchor": "end", class: "quiet-text" }),
      ),
    ...x
      .ticks(5)
      .map((n) =>
        text(number(n), { x: x(n), y: SIZE.height - SIZE.bottom + 16, "text-anchor": "middle", class: "quiet-text" }),
      ),
    line(SIZE.left, SIZE.height - SIZE.bottom, SIZE.width - SIZE.right, SIZE.height - SIZE.bottom, "axis"),
    text(of, { x: SIZE.width - SIZE.right, y: SIZE.height - 12, "text-anchor": "end", class: "quiet-text" }),
    line(SIZE.left, y(mean), SIZE.width - SIZE.right, y(mean), "main-line"),
  ];
  const drawn = counted.map((point, index) => {
    const [px, py] = [x(point.of), y(shares[index]!)];
    if (!point.chosen) return element("circle", { class: "mark", cx: px, cy: py, r: 4.5 });
    const anchor = px > SIZE.width * 0.6 ? "end" : "start";
    return (
      element("path", { class: "alarm", d: `M${px},${py - 8}l8,8l-8,8l-8,-8z` }) +
      text(point.label, { x: px + (anchor === "end" ? -12 : 12), y: py - 8, "text-anchor": anchor, "font-weight": 600 })
    );
  });
  const outside = (point: FunnelPoint): string => {
    const off = (point.events / point.of - mean) / spread(point.of);
    if (mean === 0 || mean === 1 || Math.abs(off) <= limits[0].z) return "inom det vanliga";
    return `${off > 0 ? "över" : "under"} gränsen för ${Math.abs(off) > limits[1].z ? limits[1].words : limits[0].words}`;
  };
  return {
    title,
    alternative: [
      `Alla tillsammans: ${percent(mean)}.`,
      ...counted
        .filter((point) => point.chosen)
        .map(
          (point) => `${point.label}: ${percent(point.events / point.of)} av ${number(point.of)}, ${outside(point)}.`,
        ),
    ].join(" "),
    svg: drawing(
      SIZE.width,
      SIZE.height,
      title,
      axes.join("") + limits.map(({ z, dashed }) => limit(z, dashed)).join("") + drawn.join(""),
    ),
    columns: ["Utförare", "Antal", "Av", "Andel", "Jämfört med de andra"],
    rows: counted.map((point) => [
      point.label,
      point.events,
      point.of,
      percent(point.events / point.of),
      outside(point),
    ]),
    legend: [
      { svg: sign(element("path", { class: "alarm", d: "M12,0l8,8l-8,8l-8,-8z" })), text: "Den som ärendet gäller" },
      { svg: sign(element("circle", { class: "mark", cx: 12, cy: 8, r: 4.5 })), text: "De andra" },
      { svg: sign(line(0, 8, 24, 8, "main-line")), text: "Alla tillsammans" },
      ...limits.map(({ words, dashed }) => ({
        svg: sign(line(0, 8, 24, 8, dashed ? "outline dashed" : "outline")),
        text: `${words} av dem som är som de andra finns innanför`,
      })),
    ],
  };
}
