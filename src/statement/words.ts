/** Steps of the trace as a provider reads them. */
export const stepTitles: Readonly<Record<string, string>> = {
  registered: "Utförd tid",
  required: "Uppgift saknas",
  manual: "Efterregistrering",
  lengthening: "Förlängd i efterhand",
  "cut-off": "Kom in för sent",
  overlap: "Samma bemanningsplats redan ersatt",
  household: "Delad inom hushållet",
  basis: "Ersättningsgrund",
  cap: "Tak",
  declined: "Avböjt besök",
  "no-answer": "Bomkörning",
  absence: "Frånvaro",
  death: "Dödsfall",
  contract: "Avtalsbyte",
  rounding: "Avrundning",
  price: "Pris",
  adjustment: "Justering",
};

export const visitTitles = {
  visit: "Besök",
  declined: "Avböjt besök",
  noAnswer: "Bomkörning",
  absence: "Frånvaro",
  death: "Dödsfall",
  granted: "Beviljad tid",
  monthly: "Månadsersättning",
} as const;

const whole = new Intl.NumberFormat("sv-SE", { maximumFractionDigits: 0 });
const cents = new Intl.NumberFormat("sv-SE", { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** 29 → "29", 28.5 → "28:30": minutes and seconds, as somebody adds them up. */
export function minutesText(minutes: number): string {
  const seconds = Math.round(Math.abs(minutes) * 60);
  const rest = seconds % 60;
  const full = whole.format(Math.floor(seconds / 60));
  const text = rest === 0 ? full : `${full}:${String(rest).padStart(2, "0")}`;
  return minutes < 0 && seconds > 0 ? `−${text}` : text;
}

/** 131750 → "1 317,50". */
export function kronor(ore: number): string {
  const text = cents.format(Math.abs(ore) / 100);
  return ore < 0 ? `−${text}` : text;
}

/** "+4", "−3", "0". */
export function signed(minutes: number): string {
  return minutes > 0 ? `+${minutesText(minutes)}` : minutesText(minutes);
}

/** "Tak −3 min enligt avtalet 1.12: ingen beställning" */
export function stepText(step: { title: string; minutes: number; clause: string | null; why: string | null }): string {
  const clause = step.clause === null ? "" : ` enligt avtalet ${step.clause}`;
  return `${step.title} ${signed(step.minutes)} min${clause}${step.why === null ? "" : `: ${step.why}`}`;
}

/** "dag 60 min à 480,00 kr/tim = 480,00 kr" */
export function bandText(band: {
  band: string | null;
  minutes: number;
  orePerHour: number | null;
  ore: number | null;
}): string {
  const name = band.band === null ? "" : `${band.band} `;
  const price = band.orePerHour === null ? "" : ` à ${kronor(band.orePerHour)} kr/tim`;
  return `${name}${minutesText(band.minutes)} min${price}${band.ore === null ? ", inget pris" : ` = ${kronor(band.ore)} kr`}`;
}
