export { type Bar, settlementBars } from "./bars.ts";
export { calendarHeat, type ClientDay, isoWeek } from "./calendar.ts";
export { funnelPlot, type FunnelPoint } from "./funnel.ts";
export type { Picture } from "./svg.ts";
export { dayTimeline, type Lane, type Stay } from "./timeline.ts";
export { type Series, trend } from "./trend.ts";
