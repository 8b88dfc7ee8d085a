import type { Beyond, Tables } from "#columns";
import { visitSilences } from "#match";
import type { Travel } from "#travel";

/** What a run that has read everything knows, for one that reads little; see `reconcileChanged`. */
export function beyondOf(tables: Tables, telling: readonly string[], travel: Travel): Beyond {
  const { visits, sources, providers, units } = tables;
  const ids = Array.from({ length: sources.count }, (_, source) => sources.id(source));
  const silences = visitSilences(tables);
  const visited = Object.fromEntries(
    Array.from({ length: providers.count }, (_, provider) => [
      providers.key(provider),
      [...visits.daysOf(provider)].sort((a, b) => a - b),
    ]),
  );
  return {
    received: Object.fromEntries(ids.map((id, source) => [id, sources.quiet(source)])),
    visitSilences: Object.fromEntries(ids.map((id, source) => [id, silences[source]!])),
    visited,
    registering: ids.filter((_, source) => visits.registeredBy(source)),
    telling,
    unitModes: Object.fromEntries(
      [...travel.unitModes].map(([month, modes]) => [
        month,
        Object.fromEntries([...modes].flatMap((bits, unit) => (bits === 0 ? [] : [[units.key(unit), bits]]))),
      ]),
    ),
  };
}
