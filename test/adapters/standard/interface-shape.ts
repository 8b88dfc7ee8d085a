// Written from the description of the interchange format alone, without looking at the adapter: the fields of each
// file; "?" may be missing, "#" holds nested values.

export const format: Readonly<Record<string, string>> = {
  services: "code name kind law? priceGroup? away?",
  providers: "id organisationNumber name regime permitFrom? permitTo?",
  units: "id providerId name",
  contracts: "id providerId unitIds? services? reference validFrom validTo? terms#",
  clients: "id personalIdentityNumber? name? birthDate? deceasedOn? movedOn? protection? householdId? addresses?#",
  staff: "id providerId unitId? personalIdentityNumber? hsaId? name? employedFrom? employedTo? addressBuildingId?",
  decisions: "id clientId decidedOn law validFrom validTo? service? grantedMinutesPerMonth?",
  orders: "id clientId unitId decisionId? status orderedAt acceptedAt? validFrom validTo? lines#",
  "planned-visits":
    "id clientId unitId staffId? start end services? orderId? travelMinutes? transport? cancelled? modifiedAt?",
  visits:
    "id clientId unitId staffId? law? orderId? start end? status services? plannedVisitId? originalStart? originalEnd? receivedAt? editedAt? editedBy? editReason? startProof? endProof? startTag? endTag? deviceId? startLatitude? startLongitude? startAccuracyMetres? endLatitude? endLongitude? doubleStaffing? groupCode? declinedReason? declinedNotifiedAt? approvedByStaff? approvedByManager?",
  absences: "id clientId from to? kind planned? notifiedAt?",
  shifts: "id staffId start end breakMinutes? kind",
  "lock-events": "id lockId clientId? staffId? at event deviceId?",
  tags: "id clientId from to?",
  claims:
    "id invoiceId providerId unitId? clientId orderId? service? from to minutes? quantity? unit? unitPriceOre? amountOre kind? correctsId? band? staffing?",
  "service-plans": "id clientId unitId establishedOn followUpOn? clientParticipated?",
  deviations: "id clientId? unitId kind occurredAt reportedAt",
  meals: "id clientId unitId from to kind quantity",
};

const patterns: ReadonlyArray<[RegExp, RegExp]> = [
  [/^(start|end|at|.*At|originalStart|originalEnd)$/, /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2})?$/],
  [/^(validFrom|validTo|.*On|employedFrom|employedTo|permitFrom|permitTo)$/, /^\d{4}-\d{2}-\d{2}$/],
  [/Ore$/, /^-?\d+$/],
  [/^regime$/, /^(municipal|private)$/],
  [/^personalIdentityNumber$/, /^(\d{12}|\d{8}[A-Z]{2}\d{2})$/],
];

interface Field {
  name: string;
  optional: boolean;
  nested: boolean;
}

const fieldsOf = (entity: string): Field[] =>
  `id? version? deleted? ${format[entity] ?? ""}`.split(" ").map((word) => ({
    name: word.replace(/[?#]+$/, ""),
    optional: word.includes("?"),
    nested: word.includes("#"),
  }));

/** What in a file is not as the format says. */
export function faultsOfFile(name: string, content: Buffer): string[] {
  const entity = Object.keys(format).find((one) => new RegExp(`^${one}[-.]`).test(name));
  if (entity === undefined) return ["the name is of no entity"];
  const fields = fieldsOf(entity);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(content);
  } catch {
    text = content.toString("latin1");
  }
  const lines = text.split(/\r?\n/);
  const faults: string[] = [];
  if (lines.pop() !== "") faults.push("the last line has no end");
  const judge = (line: number, record: Record<string, unknown>): void => {
    for (const key of Object.keys(record)) {
      if (!fields.some((field) => field.name === key)) faults.push(`line ${line}: unknown field ${key}`);
    }
    for (const { name: field, optional, nested } of fields) {
      const value = record[field];
      if (value === undefined || value === "") {
        if (!optional) faults.push(`line ${line}: ${field} is missing`);
        continue;
      }
      if (nested !== (typeof value === "object") && field !== "services")
        faults.push(`line ${line}: ${field} is nested or not`);
      const pattern = patterns.find(([of]) => of.test(field))?.[1];
      if (pattern !== undefined && !pattern.test(String(value as string | number)))
        faults.push(`line ${line}: ${field}`);
    }
  };
  if (name.endsWith(".csv")) {
    const delimiter = lines[0]?.includes(";") ? ";" : ",";
    const header = lines[0]?.split(delimiter) ?? [];
    for (const [index, line] of lines.slice(1).entries()) {
      const cells = line.split(delimiter);
      if (cells.length !== header.length) faults.push(`line ${index + 2}: ${cells.length} fields`);
      judge(index + 2, Object.fromEntries(header.map((field, at) => [field, cells[at]])));
    }
  } else {
    for (const [index, line] of lines.entries()) judge(index + 1, JSON.parse(line) as Record<string, unknown>);
  }
  return faults;
}
