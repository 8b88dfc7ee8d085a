import { scaleLinear } from "d3-scale";
import { drawing, element, hours, type Picture, text } from "./svg.ts";

export interface Bar {
  label: string;
  minutes: number;
  kind: "granted" | "planned" | "registered" | "payable" | "claimed";
}

const ROW = 20;
const LABEL = 80;
const LENGTH = 215;
const FIGURE = 105;

/**
 * Granted, planned, registered, payable and claimed time of one provider on a scale that all providers share. The
 * figures stand beside the bars, so that neither colour nor length is needed to read them.
 */
export function settlementBars(title: string, bars: readonly Bar[], minutesMax: number): Picture {
  const length = scaleLinear([0, Math.max(1, minutesMax)], [0, LENGTH]).clamp(true);
  const drawn = bars.map(({ label, minutes, kind }, index) => {
    const y = index * ROW;
    const width = minutes > 0 ? Math.max(1, length(minutes)) : 0;
    return (
      text(label, { x: LABEL - 8, y: y + 15, "text-anchor": "end" }) +
      element("rect", { class: `bar-${kind}`, x: LABEL, y: y + 3, width, height: ROW - 6 }) +
      text(hours(minutes), { x: LABEL + width + 6, y: y + 15 })
    );
  });
  return {
    title,
    alternative: `${bars.map(({ label, minutes }) => `${label} ${hours(minutes)}`).join(", ")}.`,
    svg: drawing(LABEL + LENGTH + FIGURE, bars.length * ROW + 4, title, drawn.join("")),
    columns: ["Tid", "Timmar och minuter"],
    rows: bars.map(({ label, minutes }) => [label, hours(minutes)]),
    legend: [],
  };
}
