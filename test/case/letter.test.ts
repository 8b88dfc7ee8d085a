import { describe, expect, test } from "vitest";
import { type Letter, letterText, namesIdentity } from "#case";
import { checkDigit, day } from "#model";

const number = `189001019802`.slice(0, 11);
const identity = `${number}${checkDigit(number.slice(2))}`;

const letter: Letter = {
  municipality: "Provkommun",
  no: "2026-00042",
  provider: "Omsorgen AB",
  writtenOn: day("2026-11-02"),
  dueOn: day("2026-11-16"),
  handler: "Anna Prov",
  question: "Vem utförde besöket?",
  findings: [
    {
      title: "Långt besök",
      reason: `Besöket pågick från 08:00 till 09:35 (${identity}).`,
      fromDay: day("2026-10-05"),
      throughDay: day("2026-10-05"),
      client: "C9",
      staff: "pid:0123",
      minutes: 95,
      amountOre: 123450,
      evidence: [{ condition: "minuter >", value: 95, threshold: 60 }],
      records: [{ what: "besök", id: "v-1" }],
    },
  ],
};

describe("the letter to a provider", () => {
  test("says what is asked, by when, and about what", () => {
    const text = letterText(letter);
    for (const part of [
      "Ärende 2026-00042",
      "Till Omsorgen AB",
      "1. Långt besök, 2026-10-05",
      "Brukare: C9",
      "1\u00a0234,50 kr",
      "– minuter >: 95 (gräns 60)",
      "Poster: besök v-1",
      "Vem utförde besöket?",
      "Svara senast 2026-11-16",
    ]) {
      expect(text).toContain(part);
    }
  });

  test("shows nothing that was not chosen, and no personal identity number", () => {
    const [finding] = letter.findings;
    const text = letterText({
      ...letter,
      findings: [{ ...finding!, client: null, evidence: null, records: null, minutes: null, amountOre: null }],
    });
    expect(text).not.toMatch(/C9|v-1|gräns|Det gäller|pid:/);
    expect(text).not.toContain(identity);
    expect(text).toContain("[personnummer]");
  });

  test("knows an identity number however it is written, and leaves other numbers alone", () => {
    const [short, end] = [identity.slice(2, 8), identity.slice(8)];
    for (const written of [identity, `${short}-${end}`, `${short}+${end}`, `${short} ${end}`, `${short}${end}`]) {
      expect(namesIdentity(`Se ${written}.`)).toBe(true);
    }
    expect(namesIdentity("Besök 20261005-0001, faktura 123456-7890, telefon 08-123 456 78")).toBe(false);
  });
});
