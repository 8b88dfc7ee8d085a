/** Swedish words for the model's own, in one place so that the same thing is always called the same. */
export const levels: Readonly<Record<string, string>> = {
  quality: "Datakvalitet",
  error: "Fel",
  indicator: "Indikation",
  pattern: "Mönster",
};

export const severities: Readonly<Record<string, string>> = {
  info: "För kännedom",
  review: "Granskas",
  hold: "Utbetalning väntar",
};

export const statuses: Readonly<Record<string, string>> = {
  open: "Öppet",
  "in-case": "I ärende",
  closed: "Rättat i källan",
  suppressed: "Undantaget",
};

export const sourceStates: Readonly<Record<string, string>> = {
  ok: "Fungerar",
  partly: "Delvis nere",
  down: "Nere",
  silent: "Tyst",
  never: "Aldrig hämtad",
};

export const outcomes: Readonly<Record<string, string>> = {
  done: "allt klart",
  incomplete: "klar, men en källa var nere eller poster väntar i karantän",
  failed: "misslyckades",
};
