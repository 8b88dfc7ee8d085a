import { type Actor, listSources, showOverview } from "#operations";
import type { Served } from "./served.ts";

/** A label's value as Prometheus wants it. */
const quoted = (value: string): string => JSON.stringify(value);

/** Prometheus text: the last night, sources and open findings. Counts only. */
export async function metrics(system: Served, actor: Actor): Promise<string> {
  const overview = await showOverview(system, actor);
  const sources = await listSources(system, actor);
  const lines: string[] = [];
  const gauge = (name: string, help: string, values: ReadonlyArray<readonly [labels: string, value: number]>): void => {
    lines.push(`# HELP klarsyn_${name} ${help}`, `# TYPE klarsyn_${name} gauge`);
    for (const [labels, value] of values) lines.push(`klarsyn_${name}${labels} ${value}`);
  };
  const { lastNight } = overview;
  if (lastNight !== null) {
    gauge("last_night_ended_seconds", "When the last night ended, Unix time.", [
      ["", Math.round((lastNight.endedAt ?? 0) / 1000)],
    ]);
    gauge("last_night_ok", "1 where the last night did not fail.", [["", lastNight.outcome === "failed" ? 0 : 1]]);
  }
  gauge(
    "source_up",
    "0 where a source was down or silent in its last run.",
    sources.map(({ id, resource, state }) => [
      `{source=${quoted(id)},resource=${quoted(resource)}}`,
      state === "down" || state === "silent" ? 0 : 1,
    ]),
  );
  gauge(
    "quarantined_records",
    "Records that wait in quarantine.",
    sources.map(({ id, resource, waiting }) => [`{source=${quoted(id)},resource=${quoted(resource)}}`, waiting]),
  );
  gauge(
    "open_findings",
    "Open findings of active rules.",
    overview.rules.map(({ ruleId, open }) => [`{rule=${quoted(ruleId)}}`, open]),
  );
  return `${lines.join("\n")}\n`;
}
