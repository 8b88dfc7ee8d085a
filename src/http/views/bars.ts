import { html } from "hono/html";
import { hours, type Html } from "./layout.ts";

export interface Bar {
  label: string;
  minutes: number;
  kind: "granted" | "planned" | "registered" | "payable" | "claimed";
}

/**
 * Granted, planned, registered, payable and claimed time of one provider as bars on a common scale. The figures
 * stand beside the bars as text, so that neither colour nor the picture is needed to read them.
 */
export function settlementBars(title: string, bars: readonly Bar[], minutesMax: number): Html {
  const rowHeight = 20;
  const labelWidth = 80;
  const barWidth = 215;
  const width = labelWidth + barWidth + 105;
  const scale = minutesMax > 0 ? barWidth / minutesMax : 0;
  const described = bars.map(({ label, minutes }) => `${label} ${hours(minutes)}`).join(", ");
  return html`<svg
    class="bars"
    viewBox="0 0 ${width} ${bars.length * rowHeight + 4}"
    role="img"
    aria-label="${title}: ${described}"
  >
    ${bars.map(({ label, minutes, kind }, index) => {
      const y = index * rowHeight;
      const length = Math.max(minutes > 0 ? 1 : 0, Math.round(minutes * scale));
      return html`<text x="${labelWidth - 8}" y="${y + 15}" text-anchor="end">${label}</text>
        <rect class="${kind}" x="${labelWidth}" y="${y + 3}" width="${length}" height="${rowHeight - 6}"></rect>
        <text class="figure" x="${labelWidth + length + 6}" y="${y + 15}">${hours(minutes)}</text>`;
    })}
  </svg>`;
}
