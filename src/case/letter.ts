import { type Day, formatDay, type Ore, parsePersonalIdentity } from "#model";

type Said = string | number | boolean | null;

/** One finding as the provider is to see it: what is left out is null. */
export interface LetterFinding {
  title: string;
  reason: string;
  fromDay: Day;
  throughDay: Day;
  client: string | null;
  staff: string | null;
  minutes: number | null;
  amountOre: Ore | null;
  evidence: ReadonlyArray<{ condition: string; value: Said; threshold?: Said }> | null;
  records: ReadonlyArray<{ what: string; id: string }> | null;
}

export interface Letter {
  municipality: string;
  /** The case's number, by which the provider answers. */
  no: string;
  provider: string;
  writtenOn: Day;
  dueOn: Day;
  /** Who asks. */
  handler: string;
  question: string;
  findings: readonly LetterFinding[];
}

const candidates = /(?<!\d)(?:\d{2})?\d{6}\s?[-+]?\s?\d{4}(?!\d)/g;

const isIdentity = (text: string): boolean => {
  const found = parsePersonalIdentity(text.replaceAll(/\s/g, ""), 2100);
  return found !== null && found.kind !== "local";
};

/** True where a text has something in it that reads as a personal identity number. */
export function namesIdentity(text: string): boolean {
  return [...text.matchAll(candidates)].some(([found]) => isIdentity(found));
}

/** A text without what reads as a personal identity number. */
export const withoutIdentities = (text: string): string =>
  text.replaceAll(candidates, (found) => (isIdentity(found) ? "[personnummer]" : found));

const kronor = (ore: Ore): string =>
  `${(ore / 100).toLocaleString("sv-SE", { minimumFractionDigits: 2, maximumFractionDigits: 2 })} kr`;

const valueText = (value: Said): string =>
  typeof value === "boolean"
    ? value
      ? "ja"
      : "nej"
    : typeof value === "number"
      ? value.toLocaleString("sv-SE")
      : (value ?? "okänt");

function findingText(finding: LetterFinding, index: number): string {
  const { title, reason, fromDay, throughDay, client, staff, minutes, amountOre, evidence, records } = finding;
  const days = fromDay === throughDay ? formatDay(fromDay) : `${formatDay(fromDay)} – ${formatDay(throughDay)}`;
  const stake = [
    ...(minutes === null ? [] : [`${minutes.toLocaleString("sv-SE")} minuter`]),
    ...(amountOre === null ? [] : [kronor(amountOre)]),
  ];
  return [
    `${index + 1}. ${title}, ${days}`,
    reason,
    // An id of ours says nothing to a provider.
    ...(client === null || client.startsWith("pid:") ? [] : [`Brukare: ${client}`]),
    ...(staff === null || staff.startsWith("pid:") ? [] : [`Personal: ${staff}`]),
    ...(stake.length === 0 ? [] : [`Det gäller: ${stake.join(", ")}`]),
    ...(evidence ?? []).map(
      ({ condition, value, threshold }) =>
        `– ${condition}: ${valueText(value)}${threshold === undefined ? "" : ` (gräns ${valueText(threshold)})`}`,
    ),
    ...(records === null || records.length === 0
      ? []
      : [`Poster: ${records.map(({ what, id }) => `${what} ${id}`).join(", ")}`]),
  ].join("\n");
}

/** The letter in which a provider is asked to explain: what was chosen to be shown, and no personal identity numbers. */
export function letterText(letter: Letter): string {
  const { municipality, no, provider, writtenOn, dueOn, handler, question, findings } = letter;
  return withoutIdentities(
    [
      `${municipality}\n${formatDay(writtenOn)}\nÄrende ${no}`,
      `Till ${provider}`,
      "Begäran om förklaring",
      "Vi har jämfört det som beställts, planerats, registrerats och fakturerats. Uppgifterna nedan stämmer inte överens. " +
        "Det behöver inte betyda att något är fel hos er: vi vill höra er förklaring innan vi tar ställning.",
      ...findings.map(findingText),
      ...(question.trim() === "" ? [] : [`Vi vill att ni svarar på följande:\n${question.trim()}`]),
      `Svara senast ${formatDay(dueOn)} och ange ärende ${no}. Är uppgifterna fel i ert system: rätta dem där och skriv att ni har gjort det. ` +
        "Skicka inga personnummer i svaret. Har vi inte fått ert svar i tid kan vi komma att besluta utan det.",
      `Med vänlig hälsning\n${handler}\n${municipality}`,
    ].join("\n\n"),
  );
}
