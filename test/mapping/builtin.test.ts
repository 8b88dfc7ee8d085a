import { expect, test } from "vitest";
import { adapters } from "#adapters";
import { loadMappings, readMappingFolder } from "#mapping";

const records = new Map(
  adapters.flatMap((adapter) =>
    Object.entries(adapter.sources).map(([name, { record }]) => [`${adapter.id}/${name}`, record] as const),
  ),
);

test("the mappings that Klarsyn comes with fit the records of every adapter, one for each source", () => {
  const mappings = loadMappings({ folders: [readMappingFolder("mappings")], records });
  expect([...mappings.keys()].toSorted()).toEqual([...records.keys()].toSorted());
});
